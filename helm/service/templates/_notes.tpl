{{/* The next commands, for NOTES.txt. */}}
{{- define "service.notes" -}}
{{- $name := include "service.fullname" . -}}
{{- $kubectl := printf "kubectl --namespace %s" .root.Release.Namespace -}}
{{ .root.Chart.Name }} {{ .root.Chart.AppVersion }} as {{ $name }}, image {{ include "service.image" . }}

Wait for it:   {{ $kubectl }} rollout status deployment/{{ $name }}
Is it ready?   {{ $kubectl }} port-forward deployment/{{ $name }} {{ .facts.managementPort }} & curl --retry 5 --retry-connrefused http://127.0.0.1:{{ .facts.managementPort }}/readyz
Its log:       {{ $kubectl }} logs --follow --selector app.kubernetes.io/instance={{ .root.Release.Name }},app.kubernetes.io/component=server
{{- if .facts.migrates }}
Migrations:    {{ $kubectl }} logs job/{{ $name }}-migrate
{{- end }}
{{- with without (.facts.secrets | default list) "DIRECT_DATABASE_URL" "RELAY_DATABASE_URL" "OPERATOR_DATABASE_URL" "NATS_USER" "NATS_PASSWORD" "NATS_TOKEN" }}

It reads {{ join " and " . }} from the Secret {{ $.root.Values.existingSecret }}; to make it, before an install:
  {{ $kubectl }} create secret generic {{ $.root.Values.existingSecret }}{{ range . }} --from-literal={{ . }}=…{{ end }}
{{- end }}
{{- if and .facts.front .root.Values.test.enabled }}

Make an order and see its effect:
  helm --namespace {{ .root.Release.Namespace }} test {{ .root.Release.Name }} --logs
{{- else if .facts.front }}

To make an order and see its effect, with the token of a customer:
  {{ $kubectl }} create secret generic {{ $name }}-test --from-literal=token=…
  helm --namespace {{ .root.Release.Namespace }} upgrade {{ .root.Release.Name }} CHART --reuse-values --set test.enabled=true,test.tokenSecret={{ $name }}-test
  helm --namespace {{ .root.Release.Namespace }} test {{ .root.Release.Name }} --logs
{{- end }}
{{- end -}}
