{{/* What both the operator and the application have to reach. */}}
{{- define "studio-operator.egress" -}}
{{- with .Values.networkPolicy.egress }}
- ports:
    - port: 53
      protocol: UDP
    - port: 53
      protocol: TCP
  {{- with .dns.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
- ports:
    {{- include "studio-operator.tcpPorts" .apiServer.ports | nindent 4 }}
  {{- with .apiServer.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
- ports:
    {{- include "studio-operator.tcpPorts" .postgresql.ports | nindent 4 }}
  {{- with .postgresql.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- with .extra }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "studio-operator.tcpPorts" -}}
{{- range . }}
- port: {{ . }}
  protocol: TCP
{{- end }}
{{- end }}
