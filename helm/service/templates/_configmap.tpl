{{/* What is no secret. An empty value is left out, so that the app's own default holds. */}}
{{- define "service.configmap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "service.fullname" . }}
  labels:
    {{- include "service.labels" . | nindent 4 }}
data:
  {{- range .facts.ports }}
  {{ .variable }}: {{ .number | int | quote }}
  {{- end }}
  MANAGEMENT_PORT: {{ .facts.managementPort | int | quote }}
  # preStop has waited already when SIGTERM arrives.
  SHUTDOWN_WAIT_MS: "0"
  SHUTDOWN_DRAIN_MS: {{ mul .root.Values.shutdown.drainSeconds 1000 | quote }}
  {{- with include "service.tlsVariables" . }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with include "service.natsVariables" . | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- range $name, $value := .root.Values.config }}
  {{- if and (kindIs "float64" $value) (eq $value (floor $value)) }}
  {{ $name }}: {{ $value | int64 | quote }}
  {{- else if ne (toString $value) "" }}
  {{ $name }}: {{ $value | quote }}
  {{- end }}
  {{- end }}
{{- end -}}
