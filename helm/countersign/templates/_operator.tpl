{{/* What `cs`, `demo`, `selftest` and `canary-setup` command with. */}}

{{- define "countersign.operatorKeysEnv" -}}
{{- include "countersign.trustEnv" . }}
{{- range $variable, $value := include "countersign.sharedEnv" . | fromJson }}
- { name: {{ $variable }}, value: {{ $value | quote }} }
{{- end }}
- { name: COUNTERSIGN_NATS_SEED_FILE, value: /etc/countersign/keys/nats-seed }
- { name: COUNTERSIGN_SIGNING_KEY_FILE, value: /etc/countersign/keys/signing-key }
{{- end }}

{{- define "countersign.operatorEnv" -}}
{{- $urls := list -}}
{{- range $name, $_ := .Values.services -}}
{{- $urls = append $urls (printf "%s=http://%s-%s:9100" $name (include "countersign.fullname" $) $name) -}}
{{- end -}}
{{- include "countersign.operatorKeysEnv" . }}
- { name: COUNTERSIGN_HEALTH_URLS, value: {{ join "," $urls | quote }} }
{{- end }}

{{- define "countersign.operatorMounts" -}}
{{ include "countersign.commonMounts" . }}
{{ include "countersign.trustMount" . }}
- { name: keys, mountPath: /etc/countersign/keys, readOnly: true }
{{- end }}

{{- define "countersign.operatorVolumes" -}}
{{ include "countersign.commonVolumes" . }}
{{ include "countersign.trustVolume" . }}
- {{- include "countersign.secretVolume" (dict "name" "keys" "secret" .Values.operator.existingSecret) | nindent 2 }}
{{- end }}
