{{/*
Names and labels that every template uses.
*/}}

{{- define "studio-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The release's name, with the chart's appended where that is not in it already. At most 40 characters, since names are made from it. */}}
{{- define "studio-operator.fullname" -}}
{{- $name := include "studio-operator.name" . }}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- default $full .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "studio-operator.namespace" -}}
{{- .Release.Namespace }}
{{- end }}

{{/* What the operator's pods are selected by. Never changes: a Deployment's selector cannot be changed. */}}
{{- define "studio-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "studio-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end }}

{{/* On every object but those of the application. */}}
{{- define "studio-operator.labels" -}}
{{ include "studio-operator.selectorLabels" . }}
{{ include "studio-operator.releaseLabels" . }}
{{- end }}

{{/* What labels of all components have in common. They change with every version of the chart, so pods do not get them. */}}
{{- define "studio-operator.releaseLabels" -}}
app.kubernetes.io/part-of: studio-platform
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* commonAnnotations and those of one object, by (list . $annotations); nothing at all when there are none. */}}
{{- define "studio-operator.annotations" -}}
{{- $root := index . 0 }}
{{- with merge (dict) (index . 1) $root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "studio-operator.serviceAccountName" -}}
{{- default (include "studio-operator.fullname" .) .Values.serviceAccount.name }}
{{- end }}

{{/* Of an image {repository, tag, digest}, by (list . $image). */}}
{{- define "studio-operator.imageOf" -}}
{{- $root := index . 0 }}
{{- with index . 1 }}
{{- if .digest }}
{{- printf "%s%s@%s" .repository (ternary (printf ":%s" .tag) "" (ne (toString .tag) "")) .digest }}
{{- else }}
{{- printf "%s:%s" .repository (default $root.Chart.AppVersion .tag) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "studio-operator.image" -}}
{{- include "studio-operator.imageOf" (list . .Values.image) }}
{{- end }}
