{{/*
What is wrong with the values although each is right by itself: one sentence per problem, all at once. The schema refuses the rest.
*/}}
{{- define "studio-operator.validate" -}}
{{- $problems := concat
  (include "studio-operator.masterProblems" . | fromYamlArray)
  (include "studio-operator.namespaceProblems" . | fromYamlArray)
  (include "studio-operator.labelProblems" . | fromYamlArray)
  (include "studio-operator.configProblems" . | fromYamlArray)
  (include "studio-operator.networkProblems" . | fromYamlArray)
  (include "studio-operator.applicationProblems" . | fromYamlArray)
}}
{{- if $problems }}
{{- fail (printf "\n%s" (join "\n" $problems)) }}
{{- end }}
{{- end }}

{{- define "studio-operator.masterProblems" -}}
{{- with .Values.masterDatabase }}
{{- if and .existingSecret.name .cloudNativePG.cluster }}
- masterDatabase.existingSecret.name and masterDatabase.cloudNativePG.cluster are both given; give one of them, there is one master database.
{{- else if not (or .existingSecret.name .cloudNativePG.cluster) }}
- No master database is given; set masterDatabase.existingSecret.name to a Secret that holds its URL, or masterDatabase.cloudNativePG.cluster to a CloudNativePG Cluster.
{{- end }}
{{- end }}
{{- end }}

{{- define "studio-operator.namespaceProblems" -}}
{{- if not .Values.watchNamespaces }}
- watchNamespaces is empty; name the namespaces of tenants, or ["*"] for all.
{{- else if and (include "studio-operator.watchesAll" .) (gt (len .Values.watchNamespaces) 1) }}
- watchNamespaces has "*" and names too; "*" alone is all namespaces.
{{- end }}
{{- if and (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) }}
- serviceAccount.create is false and serviceAccount.name is empty; name the ServiceAccount that is there.
{{- end }}
{{- end }}

{{/* Some of the chart's own labels are what pods are selected by. */}}
{{- define "studio-operator.labelProblems" -}}
{{- range $where, $labels := dict "commonLabels" .Values.commonLabels "podLabels" .Values.podLabels "application.podLabels" .Values.application.podLabels }}
{{- range $label, $_ := $labels }}
{{- if or (eq $label "helm.sh/chart") (has $label (splitList " " "app.kubernetes.io/name app.kubernetes.io/instance app.kubernetes.io/component app.kubernetes.io/part-of app.kubernetes.io/managed-by app.kubernetes.io/version")) }}
- {{ $where }} has {{ $label }}, which the chart sets itself; use another label.
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "studio-operator.configProblems" -}}
{{- with .Values.config }}
{{- if and .ingressTlsSecret .ingressTlsIssuer }}
- config.ingressTlsSecret and config.ingressTlsIssuer are both given; give at most one of them.
{{- end }}
{{- if and (eq (toString .leaderElection) "false") (gt (int $.Values.replicas) 1) }}
- config.leaderElection is false with replicas {{ $.Values.replicas }}; without the Lease two operators would work at the same time, so set replicas to 1 or leave leaderElection on.
{{- end }}
{{- $stop := default "20s" .gracefulStop }}
{{- if ge (include "studio-operator.milliseconds" $stop | int64) (mul 1000 $.Values.terminationGracePeriodSeconds) }}
- config.gracefulStop ({{ $stop }}) is not shorter than terminationGracePeriodSeconds ({{ $.Values.terminationGracePeriodSeconds }}); the operator would be killed before it has finished and released the Lease.
{{- end }}
{{- range $variable, $value := .extra }}
{{- with include "studio-operator.decidedElsewhere" (list $variable $.Values.config) }}
- config.extra has {{ $variable }}, which {{ . }} decides; set it there.
{{- end }}
{{- end }}
{{- end }}
{{- range .Values.extraEnv }}
{{- $variable := .name }}
{{- with include "studio-operator.decidedElsewhere" (list $variable $.Values.config) }}
- extraEnv has {{ $variable }}, which {{ . }} decides; set it there.
{{- end }}
{{- end }}
{{- end }}

{{/* A duration as the settings have it: 20s, 1m. */}}
{{- define "studio-operator.milliseconds" -}}
{{- $units := dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 }}
{{- mul (regexFind "^[0-9]+" .) (get $units (regexFind "[a-z]+$" .)) }}
{{- end }}

{{/*
Which value decides this variable of the operator, by (list $variable $config); nothing for variables that are free. A key of config would be
overridden in silence, and what is checked of it with it.
*/}}
{{- define "studio-operator.decidedElsewhere" -}}
{{- $variable := index . 0 }}
{{- $nulls := list "publicUrlPort" "ingressServicePort" "tenantWorkers" "createConcurrency" "maxParallelMigrations" "passwordHashCost" }}
{{- default (include "studio-operator.keyOf" (list $variable "config" (concat (keys (index . 1)) $nulls))) (get (dict
  "MASTER_DATABASE_URL" "masterDatabase"
  "MASTER_DATABASE_CA_FILE" "masterDatabase.ca"
  "WATCH_NAMESPACES" "watchNamespaces"
  "OPERATOR_IMAGE" "image"
  "LEASE_NAME" "fullnameOverride"
  "LISTEN_PORT" "the chart"
  "POD_NAME" "the pod"
  "POD_NAMESPACE" "the pod"
) $variable) }}
{{- end }}

{{/* The key that becomes this variable, by (list $variable $path $keys). Helm leaves out keys that are null, so those are named by hand. */}}
{{- define "studio-operator.keyOf" -}}
{{- $variable := index . 0 }}
{{- $path := index . 1 }}
{{- range uniq (without (index . 2) "extra") }}
{{- if eq $variable (. | snakecase | upper) }}{{ $path }}.{{ . }}{{ end }}
{{- end }}
{{- end }}

{{/* A rule of one's own without ports opens all of them, and whom for is not known here. */}}
{{- define "studio-operator.networkProblems" -}}
{{- with .Values.networkPolicy }}
{{- $open := .egress.postgresql.ports }}
{{- $anything := not .enabled }}
{{- range .egress.extra }}
{{- if not .ports }}{{ $anything = true }}{{ end }}
{{- range .ports }}
{{- $open = append $open .port }}
{{- end }}
{{- end }}
{{- if not $anything }}
{{- $open = join " " $open | splitList " " }}
{{- range $name, $spec := $.Values.servers }}
{{- $server := default dict $spec }}
{{- range $field, $port := dict "port" (default 5432 $server.port) "connect.port" (dig "connect" "port" 5432 $server) "direct.port" (dig "direct" "port" 5432 $server) }}
{{- $used := or (eq $field "port") (hasKey (default dict (get $server (trimSuffix ".port" $field))) "port") }}
{{- if and $spec $used (not (has (toString $port) $open)) }}
- servers.{{ $name }}.{{ $field }} is {{ $port }}, which networkPolicy.egress.postgresql.ports does not have; the operator would not reach it, so add it there.
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "studio-operator.applicationProblems" -}}
{{- with .Values.application }}
{{- if .enabled }}
{{- if not .masterSecret.name }}
- application.enabled is true and application.masterSecret.name is empty; the application needs a login of its own on the master database.
{{- end }}
{{- if and (not .namespace) (include "studio-operator.watchesAll" $) }}
- application.enabled is true with watchNamespaces ["*"] and application.namespace is empty; say in which namespace of tenants the application runs.
{{- else if and .namespace (not (include "studio-operator.watchesAll" $)) (not (has .namespace $.Values.watchNamespaces)) }}
- application.namespace {{ .namespace }} is not among watchNamespaces; an Ingress leads to Services of its own namespace, so the application runs where tenants are.
{{- end }}
{{- if and .config.credentialsDirectory .config.tenantNamespaces }}
- application.config.credentialsDirectory and application.config.tenantNamespaces are both given; with a folder no Secrets are read.
{{- end }}
{{- $decided := dict
  "MASTER_DATABASE_URL" "application.masterSecret"
  "MASTER_DATABASE_CA_FILE" "application.ca"
  "BASE_DOMAIN" "config.baseDomain"
  "LISTEN_PORT" "the chart"
  "METRICS_PORT" "the chart"
}}
{{- $keys := concat (keys .config) (list "minimumRelease" "maxPools" "maxConnectionsPerTenant" "maxConnectionsPerServer") }}
{{- range $variable, $value := .config.extra }}
{{- with default (include "studio-operator.keyOf" (list $variable "application.config" $keys)) (get $decided $variable) }}
- application.config.extra has {{ $variable }}, which {{ . }} decides; set it there.
{{- end }}
{{- end }}
{{- range .extraEnv }}
{{- $variable := .name }}
{{- with default (include "studio-operator.keyOf" (list $variable "application.config" $keys)) (get $decided $variable) }}
- application.extraEnv has {{ $variable }}, which {{ . }} decides; set it there.
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
