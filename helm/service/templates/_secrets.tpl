{{/*
A certificate by cert-manager, for an app that has no tls.secretName. The app reads the renewed files itself. An app with
Jobs needs it before they run; the Secret stays when the Certificate is made anew.
*/}}
{{- define "service.certificate" -}}
{{- $certificate := .root.Values.certificate -}}
apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: {{ include "service.fullname" . }}
  labels:
    {{- include "service.labels" . | nindent 4 }}
  {{- if or .facts.migrates .facts.provisions }}
  annotations:
    {{- include "service.early" (dict "root" .root "order" -2) | nindent 4 }}
  {{- end }}
spec:
  secretName: {{ include "service.tlsSecret" . }}
  commonName: {{ .root.Chart.Name }}
  # The app's name is what its peers ask for; the other is that of its Service.
  dnsNames: {{ list .root.Chart.Name (include "service.fullname" .) | uniq | toJson }}
  duration: {{ $certificate.duration }}
  renewBefore: {{ $certificate.renewBefore }}
  usages: [digital signature, client auth, server auth]
  privateKey:
    algorithm: ECDSA
    size: 256
    rotationPolicy: Always
  issuerRef:
    {{- toYaml $certificate.issuerRef | nindent 4 }}
{{- end -}}

{{/* Fills existingSecret from a store, with all its keys. It owns nothing, so that pods keep their Secret whatever happens to it. */}}
{{- define "service.externalsecret" -}}
{{- $external := .root.Values.externalSecret -}}
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: {{ .root.Values.existingSecret }}
  labels:
    {{- include "service.labels" . | nindent 4 }}
  annotations:
    {{- include "service.early" (dict "root" .root "order" -2) | nindent 4 }}
spec:
  refreshInterval: {{ $external.refreshInterval }}
  secretStoreRef:
    {{- toYaml $external.secretStoreRef | nindent 4 }}
  target:
    name: {{ .root.Values.existingSecret }}
    creationPolicy: Orphan
  dataFrom:
    - extract:
        key: {{ $external.key | quote }}
{{- end -}}
