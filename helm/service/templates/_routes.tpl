{{/* The edge by the Gateway API: requests of customers to the app's HTTP port. Retries and timeouts are the app's own. */}}
{{- define "service.httproute" -}}
{{- include "service.route" (dict "call" . "kind" "HTTPRoute" "port" "http" "values" .root.Values.httpRoute) -}}
{{- end -}}

{{- define "service.grpcroute" -}}
{{- include "service.route" (dict "call" . "kind" "GRPCRoute" "port" "grpc" "values" .root.Values.grpcRoute) -}}
{{- end -}}

{{- define "service.route" -}}
{{- $call := .call -}}
apiVersion: gateway.networking.k8s.io/v1
kind: {{ .kind }}
metadata:
  name: {{ include "service.fullname" $call }}
  labels:
    {{- include "service.labels" $call | nindent 4 }}
  {{- with .values.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  parentRefs:
    {{- toYaml .values.parentRefs | nindent 4 }}
  {{- with .values.hostnames }}
  hostnames:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  rules:
    - backendRefs:
        - name: {{ include "service.fullname" $call }}
          port: {{ include "service.servicePort" (dict "facts" $call.facts "name" .port) }}
{{- end -}}

{{/* What the Service listens on for a port: (dict "facts" FACTS "name" NAME). */}}
{{- define "service.servicePort" -}}
{{- $name := .name -}}
{{- range .facts.ports }}{{ if eq .name $name }}{{ .servicePort | default .number | int }}{{ end }}{{ end -}}
{{- end -}}

{{/* For clusters without the Gateway API. */}}
{{- define "service.ingress" -}}
{{- $ingress := .root.Values.ingress -}}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ include "service.fullname" . }}
  labels:
    {{- include "service.labels" . | nindent 4 }}
  {{- with $ingress.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with $ingress.className }}
  ingressClassName: {{ . }}
  {{- end }}
  rules:
    - host: {{ $ingress.host | quote }}
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: {{ include "service.fullname" . }}
                port:
                  number: {{ include "service.servicePort" (dict "facts" .facts "name" "http") }}
  {{- with $ingress.tlsSecretName }}
  tls:
    - hosts: [{{ $ingress.host | quote }}]
      secretName: {{ . }}
  {{- end }}
{{- end -}}
