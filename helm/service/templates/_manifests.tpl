{{/*
All manifests of one app. Called once by an app's chart with (dict "root" $ "facts" FACTS); every template of this
library takes that same dict. FACTS is what an operator cannot choose:

  ports:           [{name, number, appProtocol, variable: the app's variable for it, servicePort: what the Service
                   listens on, default number}]; none makes no Service
  headless:        true gives each pod its own address, for clients that balance themselves (gRPC round_robin)
  managementPort:  probes and metrics; never in the Service
  secrets:         variables taken from the keys of the same name in .Values.existingSecret
  migrates:        true adds the migration Job
  provisions:      the command of the app that makes its stream or durables; adds the provisioner Job
*/}}
{{- define "service.manifests" -}}
{{- $names := list "serviceaccount" "configmap" "deployment" -}}
{{- if .facts.ports -}}
{{- $names = append $names "service" -}}
{{- end -}}
{{- if and .facts.migrates .root.Values.migration.enabled -}}
{{- $names = append $names "migration" -}}
{{- end -}}
{{- if and .facts.provisions .root.Values.provisioner.enabled -}}
{{- $names = append $names "provisioner" -}}
{{- end -}}
{{- $call := . -}}
{{- range $names }}
---
{{ include (printf "service.%s" .) $call }}
{{- end }}
{{- end -}}
