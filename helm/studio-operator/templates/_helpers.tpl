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
app.kubernetes.io/name: {{ include "studio-operator.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
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
{{- with merge (dict) (default dict (index . 1)) (default dict $root.Values.commonAnnotations) -}}
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
{{- printf "%s%s@%s" .repository (empty .tag | ternary "" (printf ":%s" .tag)) .digest }}
{{- else }}
{{- printf "%s:%s" .repository (default $root.Chart.AppVersion .tag) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "studio-operator.image" -}}
{{- include "studio-operator.imageOf" (list . .Values.image) }}
{{- end }}

{{/* Keeps what tenants stand on: Helm does not delete it, nor does Argo CD, which reads these annotations from a chart too. */}}
{{- define "studio-operator.keep" -}}
helm.sh/resource-policy: keep
argocd.argoproj.io/sync-options: Prune=false,Delete=false
{{- end }}

{{/* "true" when all namespaces are watched. */}}
{{- define "studio-operator.watchesAll" -}}
{{- if has "*" .Values.watchNamespaces }}true{{ end }}
{{- end }}

{{/* Labels of pods, by (list . $selectorLabelsAsYaml $podLabels). What they are selected by wins. */}}
{{- define "studio-operator.podLabels" -}}
{{- $root := index . 0 }}
{{- $own := merge (dict "app.kubernetes.io/part-of" "studio-platform") (index . 1 | fromYaml) }}
{{- merge (dict) $own (default dict (index . 2)) (default dict $root.Values.commonLabels) | toYaml }}
{{- end }}

{{/* Topology spread constraints with the selector where they have none, by (list $constraints $selectorLabelsAsYaml). */}}
{{- define "studio-operator.spread" -}}
{{- $selector := dict "labelSelector" (dict "matchLabels" (index . 1 | fromYaml)) }}
{{- $constraints := list }}
{{- range index . 0 }}
{{- $constraints = append $constraints (hasKey . "labelSelector" | ternary . (merge (dict) . $selector)) }}
{{- end }}
{{- toYaml $constraints }}
{{- end }}

{{/*
Settings as data of a ConfigMap: keys become variables (baseDomain: BASE_DOMAIN), lists are joined, what is empty is left to the
program's own default, and `extra` is taken as it is.
*/}}
{{- define "studio-operator.settings" -}}
{{- $data := dict }}
{{- range $key, $value := omit . "extra" }}
{{- $text := include "studio-operator.settingText" $value }}
{{- if ne $text "" }}
{{- $_ := set $data ($key | snakecase | upper) $text }}
{{- end }}
{{- end }}
{{- range $variable, $value := .extra }}
{{- $_ := set $data $variable (include "studio-operator.settingText" $value) }}
{{- end }}
{{- toYaml $data }}
{{- end }}

{{/* Numbers come as floats, which would be written 1e+06. */}}
{{- define "studio-operator.settingText" -}}
{{- if kindIs "slice" . }}{{ join "," . }}
{{- else if kindIs "float64" . }}{{ int64 . }}
{{- else if not (kindIs "invalid" .) }}{{ toString . }}
{{- end }}
{{- end }}

{{/* All settings of the operator, those that other values decide included. */}}
{{- define "studio-operator.config" -}}
{{- $decided := dict "WATCH_NAMESPACES" (join "," .Values.watchNamespaces) }}
{{- merge $decided (include "studio-operator.settings" .Values.config | fromYaml) | toYaml }}
{{- end }}

{{/* Name and key of the Secret with the master database's URL, and of the one with its authority (or nothing). */}}
{{- define "studio-operator.masterSecret" -}}
{{- with .Values.masterDatabase }}
{{- if .cloudNativePG.cluster -}}
name: {{ printf "%s-app" .cloudNativePG.cluster | quote }}
key: {{ .cloudNativePG.uriKey | quote }}
{{- else -}}
name: {{ .existingSecret.name | quote }}
key: {{ .existingSecret.key | quote }}
{{- end }}
{{- end }}
{{- end }}

{{- define "studio-operator.masterAuthority" -}}
{{- with .Values.masterDatabase }}
{{- if .ca.secretName }}
secretName: {{ .ca.secretName | quote }}
key: {{ .ca.key | quote }}
{{- else if .cloudNativePG.cluster }}
secretName: {{ printf "%s-ca" .cloudNativePG.cluster | quote }}
key: ca.crt
{{- end }}
{{- end }}
{{- end }}

{{/* Environment, mounts and volumes of a container that connects to the master database: the operator's, and the test's. */}}
{{- define "studio-operator.masterEnvironment" -}}
- name: MASTER_DATABASE_URL
  valueFrom:
    secretKeyRef:
      {{- include "studio-operator.masterSecret" . | nindent 6 }}
{{- if include "studio-operator.masterAuthority" . }}
- name: MASTER_DATABASE_CA_FILE
  value: /etc/studio-operator/master-database/ca.crt
{{- end }}
{{- end }}

{{- define "studio-operator.masterMounts" -}}
{{- if include "studio-operator.masterAuthority" . }}
- name: master-database-authority
  mountPath: /etc/studio-operator/master-database
  readOnly: true
{{- end }}
{{- end }}

{{- define "studio-operator.masterVolumes" -}}
{{- with include "studio-operator.masterAuthority" . | fromYaml }}
- name: master-database-authority
  secret:
    secretName: {{ .secretName | quote }}
    items:
      - key: {{ .key | quote }}
        path: ca.crt
{{- end }}
{{- end }}

{{/* Who a process is, and where: the operator's pods, and the test's. */}}
{{- define "studio-operator.podEnvironment" -}}
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: POD_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
- name: LEASE_NAME
  value: {{ include "studio-operator.fullname" . | quote }}
{{- end }}

{{/* The operator, as the subject of a binding. */}}
{{- define "studio-operator.subjects" -}}
- kind: ServiceAccount
  name: {{ include "studio-operator.serviceAccountName" . | quote }}
  namespace: {{ include "studio-operator.namespace" . | quote }}
{{- end }}

{{/* Of the Job that upgrades the CRDs. */}}
{{- define "studio-operator.crdsSelectorLabels" -}}
app.kubernetes.io/name: {{ include "studio-operator.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: crds
{{- end }}

{{/* Of the pod of `helm test`. */}}
{{- define "studio-operator.testSelectorLabels" -}}
app.kubernetes.io/name: {{ include "studio-operator.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: test
{{- end }}
