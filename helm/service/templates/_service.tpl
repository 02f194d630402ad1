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
    - name: {{ .facts.port.name }}
      port: {{ .facts.servicePort | default .facts.port.number | int }}
      targetPort: {{ .facts.port.name }}
      appProtocol: {{ .facts.port.appProtocol }}
      protocol: TCP
{{- end -}}
