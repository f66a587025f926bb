{{/*
The reference application's names and labels.
*/}}

{{- define "studio-operator.application.selectorLabels" -}}
app.kubernetes.io/name: {{ .Values.application.name | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: application
{{- end }}

{{- define "studio-operator.application.labels" -}}
{{ include "studio-operator.application.selectorLabels" . }}
{{ include "studio-operator.releaseLabels" . }}
{{- end }}

{{/* An Ingress leads to Services of its own namespace, so it runs where tenants are. */}}
{{- define "studio-operator.application.namespace" -}}
{{- default (first .Values.watchNamespaces) .Values.application.namespace }}
{{- end }}

{{/* The Service that the operator's Ingresses name. */}}
{{- define "studio-operator.application.service" -}}
{{- default "studio-app" .Values.config.ingressService }}
{{- end }}

{{- define "studio-operator.application.servicePort" -}}
{{- default 80 .Values.config.ingressServicePort | int }}
{{- end }}

{{/* A tag or digest of the operator's belongs to the operator's image: with one of its own, none of it is taken over but the repository. */}}
{{- define "studio-operator.application.image" -}}
{{- $own := pick (default dict .Values.application.image) "repository" "tag" "digest" }}
{{- $image := ternary .Values.image (merge (dict) $own (pick .Values.image "repository")) (empty $own) }}
{{- include "studio-operator.imageOf" (list . $image) }}
{{- end }}

{{- define "studio-operator.application.config" -}}
{{- $shared := dict "baseDomain" .Values.config.baseDomain }}
{{- include "studio-operator.settings" (merge $shared .Values.application.config) }}
{{- end }}
