{{- define "audioconnector.labels" -}}
{ app.kubernetes.io/name: audioconnector, app.kubernetes.io/instance: {{ printf "%q" .Release.Name }}, app.kubernetes.io/managed-by: {{ printf "%q" .Release.Service }} }
{{- end -}}

{{- define "audioconnector.selector" -}}
{ app.kubernetes.io/name: audioconnector, app.kubernetes.io/instance: {{ printf "%q" .Release.Name }} }
{{- end -}}
