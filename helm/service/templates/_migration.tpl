{{/*
Migrations, before the first pod of a new version. As a hook and not an init container: they run once a release, not
once a pod; the pods need no right to change the schema (migration.existingSecret); and a failure leaves the old
version serving. What that costs:
  - the old version serves while and after they run, so a migration only expands; it contracts a release later;
  - `helm rollback` takes the pods back, never the schema;
  - hooks run before anything else of the release exists: the Secret must be there already, the database cannot be
    part of the chart, and the Job has the namespace's default ServiceAccount (no token is mounted).
A finished Job stays for its logs until its time is over or the next one replaces it. With jobs.mode `argo` it is no
hook but a wave of its own before the pods.
*/}}
{{- define "service.migration" -}}
{{- $migration := .root.Values.migration -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "service.fullname" . }}-migrate
  labels:
    {{- include "service.labels" . | nindent 4 }}
    app.kubernetes.io/component: migration
  annotations:
    {{- include "service.early" (dict "root" .root "order" -1) | nindent 4 }}
spec:
  backoffLimit: {{ $migration.backoffLimit }}
  activeDeadlineSeconds: {{ $migration.activeDeadlineSeconds }}
  ttlSecondsAfterFinished: {{ $migration.ttlSecondsAfterFinished }}
  template:
    metadata:
      labels:
        {{- include "service.labels" . | nindent 8 }}
        app.kubernetes.io/component: migration
    spec:
      restartPolicy: Never
      {{- include "service.pod" . | nindent 6 }}
      containers:
        - name: migrate
          {{- include "service.container" . | nindent 10 }}
          args: [app/dist/migrate.js]
          env:
            {{- $secret := $migration.existingSecret | default .root.Values.existingSecret }}
            {{- range list "DATABASE_URL" "DIRECT_DATABASE_URL" }}
            {{- include "service.secretVariable" (dict "name" . "secret" $secret) | nindent 12 }}
            {{- end }}
            {{- range $name, $file := include "service.tlsVariables" . | fromYaml }}
            - name: {{ $name }}
              value: {{ $file }}
            {{- end }}
            {{- with $migration.rolePrefix }}
            - name: DATABASE_ROLE_PREFIX
              value: {{ . | quote }}
            {{- end }}
            {{- with .root.Values.extraEnv }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
{{- end -}}
