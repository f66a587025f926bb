{{/*
Objects of one kind by name and spec, by (list . $kind $specs). What tenants stand on outlives the release; a name whose spec is null is
one of the chart's own that is not wanted.
*/}}
{{- define "studio-operator.customResources" -}}
{{- $root := index . 0 }}
{{- $kind := index . 1 }}
{{- range $name, $spec := index . 2 }}
{{- if not (kindIs "invalid" $spec) }}
---
apiVersion: studio-platform.io/v1alpha1
kind: {{ $kind }}
metadata:
  name: {{ $name | quote }}
  labels:
    {{- include "studio-operator.labels" $root | nindent 4 }}
  {{- include "studio-operator.annotations" (list $root (include "studio-operator.keep" $root | fromYaml)) | nindent 2 }}
spec:
  {{- toYaml $spec | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}
