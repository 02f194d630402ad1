{{/*
All manifests of one app. Called once by an app's chart with (dict "root" $ "facts" FACTS); every template of this
library takes that same dict. FACTS is facts.yaml of the chart, which `npm run generate` derives from app.json:

  ports:           [{name, number, appProtocol, variable: the app's variable for it, servicePort: what the Service
                   listens on, default number}]; none makes no Service
  headless:        true gives each pod its own address, for clients that balance themselves (gRPC round_robin)
  managementPort:  probes and metrics; never in the Service
  secrets:         variables taken from the keys of the same name in .Values.existingSecret
  migrates:        true adds the migration Job
  provisions:      the command of the app that makes its stream or durables; adds the provisioner Job
  front:           true when it takes the requests of customers: HTTPRoute, Ingress, `helm test`
  calledBy:        apps that may connect to the gRPC port
  calls:           [{app, port}] that it connects to by gRPC
  nats, tokens:    true when it connects to NATS, or to the OIDC issuer
  durables:        [{stream, consumer}] that scale it, by KEDA
  effects:         [{app, path}] where `helm test` sees what an order has led to
*/}}
{{- define "service.manifests" -}}
{{- include "service.checkEnv" . -}}
{{- $values := .root.Values -}}
{{- $names := list "serviceaccount" "configmap" "deployment" -}}
{{- if .facts.ports }}{{ $names = append $names "service" }}{{ end -}}
{{- if and .facts.migrates $values.migration.enabled }}{{ $names = append $names "migration" }}{{ end -}}
{{- if and .facts.provisions $values.provisioner.enabled }}{{ $names = append $names "provisioner" }}{{ end -}}
{{- if include "service.scaled" . }}{{ $names = append $names (include "service.scaled" .) }}{{ end -}}
{{- if include "service.disruptable" . }}{{ $names = append $names "poddisruptionbudget" }}{{ end -}}
{{- $call := . -}}
{{- range $name := list "networkPolicy" "httpRoute" "grpcRoute" "ingress" "podMonitor" "certificate" "externalSecret" "test" }}
{{- if (get $values $name | default dict).enabled }}{{ $names = append $names (lower $name) }}{{ end -}}
{{- end -}}
{{- range $names }}
---
{{ include (printf "service.%s" .) $call }}
{{- end }}
{{- range $values.extraObjects }}
---
{{ toYaml . }}
{{- end }}
{{- end -}}
