{{/*
Makes the stream or the durables of the app, as the provisioner of NATS: a user that may, so that the app need not. A hook
for the same reasons as the migration, with the same annotations. The command changes nothing when all is as declared.
*/}}
{{- define "service.provisioner" -}}
{{- $provisioner := .root.Values.provisioner -}}
{{- $call := merge (dict "tlsSecret" $provisioner.tlsSecretName "natsSecret" $provisioner.natsSecretName) . -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "service.fullname" . }}-provision
  labels:
    {{- include "service.labels" . | nindent 4 }}
    app.kubernetes.io/component: provisioner
  annotations:
    {{- include "service.early" (dict "root" .root "order" -1) | nindent 4 }}
spec:
  backoffLimit: {{ .root.Values.migration.backoffLimit }}
  activeDeadlineSeconds: {{ .root.Values.migration.activeDeadlineSeconds }}
  ttlSecondsAfterFinished: {{ .root.Values.migration.ttlSecondsAfterFinished }}
  template:
    metadata:
      labels:
        {{- include "service.labels" . | nindent 8 }}
        app.kubernetes.io/component: provisioner
    spec:
      restartPolicy: Never
      {{- include "service.pod" $call | nindent 6 }}
      containers:
        - name: provision
          {{- include "service.container" $call | nindent 10 }}
          args: {{ prepend .facts.provisions "app/dist/cli.js" | toJson }}
          env:
            {{- $secret := $provisioner.existingSecret | default .root.Values.existingSecret }}
            {{- range list "NATS_URL" "NATS_USER" "NATS_PASSWORD" "NATS_TOKEN" }}
            {{- include "service.secretVariable" (dict "name" . "secret" $secret) | nindent 12 }}
            {{- end }}
            {{- range $name, $value := .root.Values.config }}
            {{- if and (hasPrefix "NATS_STREAM_" $name) (ne (toString $value) "") }}
            - name: {{ $name }}
              value: {{ ternary ($value | int64) $value (kindIs "float64" $value) | quote }}
            {{- end }}
            {{- end }}
            {{- range $variables := list (include "service.tlsVariables" $call) (include "service.natsVariables" $call) }}
            {{- range $name, $file := $variables | fromYaml }}
            - name: {{ $name }}
              value: {{ $file }}
            {{- end }}
            {{- end }}
            {{- with .root.Values.extraEnv }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
{{- end -}}
