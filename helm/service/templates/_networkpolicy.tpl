{{/*
Denies all that the app does not declare, in and out. Who calls whom is in its facts; where servers are that are no apps is
in the values: a list of peers (empty: anywhere) and the ports.
*/}}
{{- define "service.networkpolicy" -}}
{{- $policy := .root.Values.networkPolicy -}}
{{- $call := . -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "service.fullname" . }}
  labels:
    {{- include "service.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: {{ .root.Chart.Name }}
      app.kubernetes.io/instance: {{ .root.Release.Name }}
    matchExpressions:
      - { key: app.kubernetes.io/component, operator: NotIn, values: [test] }
  policyTypes: [Ingress, Egress]
  ingress:
    {{- range .facts.ports }}
    {{- if eq .name "grpc" }}
    {{- if $call.facts.calledBy }}
    - ports: [{ port: grpc }]
      from:
        {{- range $call.facts.calledBy }}
        {{- include "service.peer" (dict "app" . "policy" $policy) | nindent 8 }}
        {{- end }}
    {{- end }}
    {{- else if $call.facts.front }}
    - ports: [{ port: {{ .name }} }]
      {{- with $policy.clients }}
      from:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- else if $call.facts.tested }}
    - ports: [{ port: {{ .name }} }]
      from:
        # `helm test`, which sees the effect of an order here.
        - podSelector: { matchLabels: { app.kubernetes.io/part-of: orders-platform, app.kubernetes.io/component: test } }
          {{- with $policy.apps.namespaceSelector }}
          namespaceSelector: {{ toJson . }}
          {{- end }}
    {{- end }}
    {{- end }}
    - ports: [{ port: management }]
      {{- with $policy.monitoring }}
      from:
        {{- toYaml . | nindent 8 }}
      {{- end }}
  egress:
    {{- include "service.egress" $policy.dns | nindent 4 }}
    {{- range .facts.calls }}
    - ports: [{ port: {{ .port | int }} }]
      to:
        {{- include "service.peer" (dict "app" .app "policy" $policy) | nindent 8 }}
    {{- end }}
    {{- if .facts.migrates }}
    {{- include "service.egress" $policy.postgres | nindent 4 }}
    {{- end }}
    {{- if .facts.nats }}
    {{- include "service.egress" $policy.nats | nindent 4 }}
    {{- end }}
    {{- if .facts.tokens }}
    {{- include "service.egress" $policy.issuer | nindent 4 }}
    {{- end }}
    {{- include "service.egress" $policy.otlp | nindent 4 }}
    {{- with $policy.extraEgress }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{/* The servers of an app: (dict "app" NAME "policy" VALUES). */}}
{{- define "service.peer" -}}
- podSelector: { matchLabels: { app.kubernetes.io/name: {{ .app }}, app.kubernetes.io/component: server } }
  {{- with .policy.apps.namespaceSelector }}
  namespaceSelector: {{ toJson . }}
  {{- end }}
{{- end -}}

{{/* To servers that are no apps: {to: peers, ports: numbers}. DNS is UDP as well. */}}
{{- define "service.egress" -}}
- ports:
    {{- range .ports }}
    - { port: {{ . | int }}, protocol: TCP }
    {{- if eq (int .) 53 }}
    - { port: 53, protocol: UDP }
    {{- end }}
    {{- end }}
  {{- with .to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
