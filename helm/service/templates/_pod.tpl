{{/* What the pods of the Deployment and of the migration Job have in common: the restricted Pod Security profile. */}}
{{- define "service.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  - name: tmp
    emptyDir:
      sizeLimit: 64Mi
{{- with .root.Values.tls.secretName }}
  - name: tls
    secret:
      secretName: {{ . }}
      # For the group of the pod (fsGroup).
      defaultMode: 0440
{{- end }}
{{- end -}}

{{- define "service.container" -}}
image: {{ include "service.image" . | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
resources:
  {{- toYaml .root.Values.resources | nindent 2 }}
volumeMounts:
  - name: tmp
    mountPath: /tmp
{{- if .root.Values.tls.secretName }}
  - name: tls
    # The folder and no single files: those would stay as they were when the Secret changes.
    mountPath: /tls
    readOnly: true
{{- end }}
{{- end -}}

{{/* The variables of the app's certificates, by the keys that cert-manager gives a Secret. */}}
{{- define "service.tlsVariables" -}}
{{- if .root.Values.tls.secretName -}}
TLS_CERT_FILE: /tls/tls.crt
TLS_KEY_FILE: /tls/tls.key
TLS_CA_FILE: /tls/ca.crt
{{- end -}}
{{- end -}}

{{/*
One variable from a Secret that exists already: (dict "name" VARIABLE "secret" SECRET). DIRECT_DATABASE_URL is needed
only when DATABASE_URL goes through a pooler, RELAY_DATABASE_URL only when the relay has a login of its own.
*/}}
{{- define "service.secretVariable" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .name }}
      {{- if has .name (list "DIRECT_DATABASE_URL" "RELAY_DATABASE_URL") }}
      optional: true
      {{- end }}
{{- end -}}
