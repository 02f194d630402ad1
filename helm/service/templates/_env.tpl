{{/* `config` and the Secret have places of their own; a variable that is said twice is refused by the API server. */}}
{{- define "service.checkEnv" -}}
{{- $own := .facts.secrets | default list -}}
{{- range .root.Values.extraEnv }}
{{- if has .name $own }}
{{- fail (printf "extraEnv: %s comes from the Secret %s; put it there" .name $.root.Values.existingSecret) }}
{{- end }}
{{- if hasKey ($.root.Values.config | default dict) .name }}
{{- fail (printf "extraEnv: %s has a value of its own: config.%s" .name .name) }}
{{- end }}
{{- end }}
{{- end -}}
