{{/* The release's name, with the app's in front of it when it does not say it: `orders` for a release called orders. */}}
{{- define "service.fullname" -}}
{{- $app := .root.Chart.Name -}}
{{- $release := .root.Release.Name -}}
{{- ternary $release (printf "%s-%s" $release $app) (contains $app $release) | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{/* What never changes in the life of a release, as selectors cannot. */}}
{{- define "service.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: server
{{- end -}}

{{- define "service.labels" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: orders-platform
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* By digest when there is one: a tag can be moved, a digest cannot. */}}
{{- define "service.image" -}}
{{- $image := .root.Values.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default .root.Chart.AppVersion }}
{{- end -}}
{{- end -}}
