{{/*
Annotations of what must be there before the pods: (dict "root" $ "order" NUMBER), the lowest first. As hooks of Helm,
or as waves of Argo CD, which would run hooks of Helm before any Secret of the release exists (jobs.mode).
*/}}
{{- define "service.early" -}}
{{- if eq .root.Values.jobs.mode "argo" -}}
argocd.argoproj.io/sync-wave: {{ .order | quote }}
{{- if eq .order -1 }}
# A Job cannot be changed.
argocd.argoproj.io/sync-options: Force=true,Replace=true
{{- end }}
{{- else -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ .order | quote }}
helm.sh/hook-delete-policy: before-hook-creation
{{- end -}}
{{- end -}}
