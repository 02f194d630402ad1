{{- define "service.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "service.fullname" . }}
  labels:
    {{- include "service.labels" . | nindent 4 }}
spec:
  {{- if not (include "service.scaled" .) }}
  replicas: {{ .root.Values.replicaCount }}
  {{- end }}
  revisionHistoryLimit: 3
  selector:
    matchLabels:
      {{- include "service.selector" . | nindent 6 }}
  strategy:
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: 1
  template:
    metadata:
      labels:
        {{- include "service.labels" . | nindent 8 }}
        app.kubernetes.io/component: server
        {{- with .root.Values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        # A changed ConfigMap alone would not restart anything.
        checksum/config: {{ include "service.configmap" . | sha256sum }}
        {{- with include "service.secretNames" . | fromJsonArray }}
        {{- if $.root.Values.reloader.enabled }}
        secret.reloader.stakater.com/reload: {{ join "," . }}
        {{- end }}
        {{- end }}
        {{- with .root.Values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ include "service.fullname" . }}
      terminationGracePeriodSeconds: {{ include "service.graceSeconds" . }}
      topologySpreadConstraints:
        {{- include "service.spread" . | nindent 8 }}
      {{- include "service.pod" . | nindent 6 }}
      containers:
        - name: {{ .root.Chart.Name }}
          {{- include "service.container" (merge (dict "server" true) .) | nindent 10 }}
          {{- if or .facts.secrets .root.Values.extraEnv }}
          env:
            {{- range .facts.secrets }}
            {{- include "service.secretVariable" (dict "name" . "secret" $.root.Values.existingSecret) | nindent 12 }}
            {{- end }}
            {{- with .root.Values.extraEnv }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          {{- end }}
          ports:
            {{- range .facts.ports }}
            - name: {{ .name }}
              containerPort: {{ .number | int }}
            {{- end }}
            - name: management
              containerPort: {{ .facts.managementPort | int }}
          {{- include "service.probes" . | nindent 10 }}
          lifecycle:
            preStop:
              # Until every load balancer has seen that this pod is leaving.
              sleep:
                seconds: {{ .root.Values.shutdown.preStopSeconds }}
{{- end -}}

{{/* Over zones and nodes, unless the values say otherwise. */}}
{{- define "service.spread" -}}
{{- with .root.Values.topologySpreadConstraints }}
{{- toYaml . }}
{{- else }}
{{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
- topologyKey: {{ . }}
  maxSkew: 1
  whenUnsatisfiable: ScheduleAnyway
  matchLabelKeys: [pod-template-hash]
  labelSelector:
    matchLabels:
      {{- include "service.selector" $ | nindent 6 }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The Secrets whose variables a running process does not read again: files it does. */}}
{{- define "service.secretNames" -}}
{{- $names := list -}}
{{- if .facts.secrets }}{{ $names = append $names .root.Values.existingSecret }}{{ end -}}
{{- range .root.Values.extraEnvFrom }}{{ with .secretRef }}{{ $names = append $names .name }}{{ end }}{{ end -}}
{{- range .root.Values.extraEnv }}{{ with .valueFrom }}{{ with .secretKeyRef }}{{ $names = append $names .name }}{{ end }}{{ end }}{{ end -}}
{{- uniq $names | toJson -}}
{{- end -}}

{{/* Sleep, then drain, then ten seconds to force what is left, close pools and flush telemetry. */}}
{{- define "service.graceSeconds" -}}
{{- with .root.Values.shutdown }}{{ add .preStopSeconds .drainSeconds 10 }}{{ end -}}
{{- end -}}

{{/* Liveness is the process alone: a database that is away must not restart every pod. */}}
{{- define "service.probes" -}}
startupProbe:
  httpGet: { path: /startupz, port: management }
  periodSeconds: 1
  failureThreshold: 60
readinessProbe:
  httpGet: { path: /readyz, port: management }
  periodSeconds: 5
  timeoutSeconds: 2
  failureThreshold: 2
livenessProbe:
  httpGet: { path: /livez, port: management }
  periodSeconds: 10
  timeoutSeconds: 2
  failureThreshold: 3
{{- end -}}
