{{/* What sets the number of replicas: `hpa`, `scaledobject`, or nothing, which leaves it to replicaCount. */}}
{{- define "service.scaled" -}}
{{- if .root.Values.autoscaling.enabled -}}hpa
{{- else if (.root.Values.keda | default dict).enabled -}}scaledobject
{{- end -}}
{{- end -}}

{{- define "service.hpa" -}}
{{- $scaling := .root.Values.autoscaling -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "service.fullname" . }}
  labels:
    {{- include "service.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "service.fullname" . }}
  minReplicas: {{ $scaling.minReplicas }}
  maxReplicas: {{ $scaling.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: {{ $scaling.targetCPUUtilizationPercentage }}
  behavior:
    scaleDown:
      # A quiet minute is no reason to start pods anew a minute later.
      stabilizationWindowSeconds: 300
{{- end -}}

{{/* KEDA counts num_pending + num_ack_pending, which is our lag. It asks the monitoring endpoint of the consumer's leader. */}}
{{- define "service.scaledobject" -}}
{{- $keda := .root.Values.keda -}}
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: {{ include "service.fullname" . }}
  labels:
    {{- include "service.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    name: {{ include "service.fullname" . }}
  minReplicaCount: {{ $keda.minReplicas }}
  maxReplicaCount: {{ $keda.maxReplicas }}
  cooldownPeriod: 300
  # Without its metric, as while NATS is away, it neither grows nor shrinks below what it started with.
  fallback:
    failureThreshold: 3
    replicas: {{ .root.Values.replicaCount }}
  triggers:
    {{- range .facts.durables }}
    - type: nats-jetstream
      metadata:
        natsServerMonitoringEndpoint: {{ $keda.monitoringEndpoint | quote }}
        account: {{ $keda.account | quote }}
        stream: {{ .stream }}
        consumer: {{ .consumer }}
        lagThreshold: {{ $keda.lagThreshold | int64 | quote }}
        useHttps: {{ $keda.useHttps | quote }}
    {{- end }}
{{- end -}}

{{/* The fewest replicas there are at a time. */}}
{{- define "service.leastReplicas" -}}
{{- $scaled := include "service.scaled" . -}}
{{- if eq $scaled "hpa" }}{{ .root.Values.autoscaling.minReplicas }}
{{- else if eq $scaled "scaledobject" }}{{ .root.Values.keda.minReplicas }}
{{- else }}{{ .root.Values.replicaCount }}
{{- end -}}
{{- end -}}

{{/* With one replica a budget would block each drain of its node. */}}
{{- define "service.disruptable" -}}
{{- if and .root.Values.podDisruptionBudget.enabled (gt (include "service.leastReplicas" . | int) 1) }}true{{ end -}}
{{- end -}}

{{/* By maxUnavailable, and unhealthy pods may always go: a drain never waits for good. */}}
{{- define "service.poddisruptionbudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "service.fullname" . }}
  labels:
    {{- include "service.labels" . | nindent 4 }}
spec:
  maxUnavailable: {{ .root.Values.podDisruptionBudget.maxUnavailable }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "service.selector" . | nindent 6 }}
{{- end -}}
