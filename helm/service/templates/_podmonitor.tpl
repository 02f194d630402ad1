{{/* The label `job` is the name of the app, as rules and dashboards have it. */}}
{{- define "service.podmonitor" -}}
{{- $monitor := .root.Values.podMonitor -}}
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  name: {{ include "service.fullname" . }}
  labels:
    {{- include "service.labels" . | nindent 4 }}
    {{- with $monitor.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  jobLabel: app.kubernetes.io/name
  selector:
    matchLabels:
      {{- include "service.selector" . | nindent 6 }}
  podMetricsEndpoints:
    - port: management
      path: /metrics
      interval: {{ $monitor.interval }}
{{- end -}}
