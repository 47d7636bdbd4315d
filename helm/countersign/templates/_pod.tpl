{{/* What every pod of the product has in common; passes Pod Security `restricted`. */}}

{{- define "countersign.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "countersign.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{/* No token, no environment from other Services. Call with the root. */}}
{{- define "countersign.podBase" -}}
serviceAccountName: {{ include "countersign.serviceAccount" . }}
{{ include "countersign.podRest" . }}
{{- end }}

{{- define "countersign.podRest" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext: {{- include "countersign.podSecurityContext" . | nindent 2 }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "countersign.containerBase" -}}
image: {{ include "countersign.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext: {{- include "countersign.securityContext" . | nindent 2 }}
{{- end }}

{{/* Files of a Secret, for the one who runs the program and nobody else: services refuse a file that everybody can read. 288 is 0440. */}}
{{- define "countersign.secretVolume" -}}
name: {{ .name }}
secret: { secretName: {{ .secret }}, defaultMode: 288 }
{{- end }}

{{- define "countersign.commonVolumes" -}}
- name: tmp
  emptyDir: { sizeLimit: 64Mi }
{{- if .Values.tls.existingSecret }}
- name: ca
  secret:
    secretName: {{ .Values.tls.existingSecret }}
    defaultMode: 288
    items: [{ key: ca.crt, path: ca.crt }]
{{- end }}
{{- end }}

{{- define "countersign.commonMounts" -}}
- { name: tmp, mountPath: /tmp }
{{- if .Values.tls.existingSecret }}
- { name: ca, mountPath: /etc/countersign/ca, readOnly: true }
{{- end }}
{{- end }}

{{/* Settings without secrets that every program shares, as JSON. */}}
{{- define "countersign.sharedEnv" -}}
{{- $env := dict "COUNTERSIGN_NATS_URL" (join "," .Values.nats.urls) "COUNTERSIGN_LOG_LEVEL" .Values.logLevel -}}
{{- if .Values.tls.existingSecret -}}
{{- $_ := set $env "NODE_EXTRA_CA_CERTS" "/etc/countersign/ca/ca.crt" -}}
{{- end -}}
{{- $env | toJson -}}
{{- end }}

{{/* Public keys of all services, and the key that signed them. */}}
{{- define "countersign.trustVolume" -}}
- name: trust
  configMap: { name: {{ .Values.trust.existingConfigMap }}, defaultMode: 292 }
{{- end }}

{{- define "countersign.trustMount" -}}
- { name: trust, mountPath: /etc/countersign/trust, readOnly: true }
{{- end }}

{{- define "countersign.trustEnv" -}}
- { name: COUNTERSIGN_TRUST_BUNDLE_FILE, value: /etc/countersign/trust/trust-bundle.json }
- name: COUNTERSIGN_INSTALLATION_KEY
{{- if .Values.trust.installationKey }}
  value: {{ .Values.trust.installationKey | quote }}
{{- else }}
  valueFrom: { configMapKeyRef: { name: {{ .Values.trust.existingConfigMap }}, key: installation-key } }
{{- end }}
{{- end }}
