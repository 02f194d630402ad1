{{- define "service.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "service.fullname" . }}
  labels:
    {{- include "service.labels" . | nindent 4 }}
spec:
  type: ClusterIP
  {{- if .facts.headless }}
  clusterIP: None
  {{- end }}
  selector:
    {{- include "service.selector" . | nindent 4 }}
  ports:
    {{- range .facts.ports }}
    - name: {{ .name }}
      port: {{ .servicePort | default .number | int }}
      targetPort: {{ .name }}
      {{- $secure := and $.root.Values.tls.secretName (eq .appProtocol "kubernetes.io/h2c") }}
      appProtocol: {{ ternary "https" .appProtocol (not (empty $secure)) }}
      protocol: TCP
    {{- end }}
{{- end -}}
