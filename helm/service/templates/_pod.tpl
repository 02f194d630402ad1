{{/* What all pods have in common: the restricted Pod Security profile. */}}
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
{{- with .root.Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
volumes:
  - name: tmp
    emptyDir:
      sizeLimit: 64Mi
{{- with include "service.tlsSecret" . }}
  - name: tls
    secret:
      secretName: {{ . }}
      # For the group of the pod (fsGroup).
      defaultMode: 0440
{{- end }}
{{- with include "service.natsSecret" . }}
  - name: nats
    secret:
      secretName: {{ . }}
      defaultMode: 0440
{{- end }}
{{- with .root.Values.extraVolumes }}
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* What all containers have in common. The server alone has the ConfigMap: a hook runs before there is one. */}}
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
{{- if include "service.tlsSecret" . }}
  - name: tls
    # The folder and no single files: those would stay as they were when the Secret changes.
    mountPath: /tls
    readOnly: true
{{- end }}
{{- if include "service.natsSecret" . }}
  - name: nats
    mountPath: /nats
    readOnly: true
{{- end }}
{{- with .root.Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if or .server .root.Values.extraEnvFrom }}
envFrom:
  {{- if .server }}
  - configMapRef:
      name: {{ include "service.fullname" . }}
  {{- end }}
  {{- with .root.Values.extraEnvFrom }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* The Secrets of the app; a Job that is somebody else has others, in the dict of the call. */}}
{{- define "service.tlsSecret" -}}
{{- $own := ternary (printf "%s-tls" (include "service.fullname" .)) .root.Values.tls.secretName .root.Values.certificate.enabled -}}
{{- .tlsSecret | default $own -}}
{{- end -}}

{{- define "service.natsSecret" -}}
{{- $nats := .root.Values.nats | default dict -}}
{{- .natsSecret | default $nats.secretName | default "" -}}
{{- end -}}

{{/* The variables of the files of a NATS user, by the keys of their Secret. */}}
{{- define "service.natsVariables" -}}
{{- if include "service.natsSecret" . -}}
{{- with .root.Values.nats -}}
{{- with .credsKey }}
NATS_CREDS_FILE: /nats/{{ . }}
{{- end }}
{{- with .seedKey }}
NATS_NKEY_SEED_FILE: /nats/{{ . }}
{{- end }}
{{- with .caKey }}
NATS_CA_FILE: /nats/{{ . }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The variables of the app's certificates, by the keys that cert-manager gives a Secret. */}}
{{- define "service.tlsVariables" -}}
{{- if include "service.tlsSecret" . -}}
TLS_CERT_FILE: /tls/tls.crt
TLS_KEY_FILE: /tls/tls.key
TLS_CA_FILE: /tls/ca.crt
{{- end -}}
{{- end -}}

{{/*
One variable from a Secret that exists already: (dict "name" VARIABLE "secret" SECRET). DIRECT_DATABASE_URL is needed
only when DATABASE_URL goes through a pooler, RELAY_DATABASE_URL only when the relay has a login of its own,
OPERATOR_DATABASE_URL only when dead letters are settled by inbox.v1, those of a NATS user only when nothing else tells who
it is.
*/}}
{{- define "service.secretVariable" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .name }}
      {{- if has .name (list "DIRECT_DATABASE_URL" "RELAY_DATABASE_URL" "OPERATOR_DATABASE_URL" "NATS_USER" "NATS_PASSWORD" "NATS_TOKEN") }}
      optional: true
      {{- end }}
{{- end -}}
