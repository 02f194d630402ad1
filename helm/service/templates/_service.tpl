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
      appProtocol: {{ .appProtocol }}
      protocol: TCP
    {{- end }}
{{- end -}}
