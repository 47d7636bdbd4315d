{{/* The setup Job's spec: one step after another, each with its own Secret and no other's. */}}

{{- define "countersign.setupSteps" -}}
{{- $steps := list -}}
{{- if .Values.setup.roles.enabled -}}
{{- $steps = append $steps (dict "name" "roles" "secret" .Values.setup.roles.existingSecret "env" (dict "COUNTERSIGN_ADMIN_URL_FILE" "/etc/countersign/keys/admin-url" "COUNTERSIGN_DATABASE_PASSWORDS_FILE" "/etc/countersign/keys/database-passwords")) -}}
{{- end -}}
{{- if .Values.setup.migrate.enabled -}}
{{- $steps = append $steps (dict "name" "migrate" "secret" .Values.setup.migrate.existingSecret "env" (dict "COUNTERSIGN_MIGRATE_URL_DIR" "/etc/countersign/keys")) -}}
{{- end -}}
{{- if .Values.setup.provision.enabled -}}
{{- $steps = append $steps (dict "name" "provision" "secret" .Values.setup.provision.existingSecret "env" (dict "COUNTERSIGN_NATS_SEED_FILE" "/etc/countersign/keys/nats-seed" "COUNTERSIGN_STREAM_REPLICAS" (.Values.setup.provision.streamReplicas | int | toString))) -}}
{{- end -}}
{{- $steps | toJson -}}
{{- end }}

{{/* Call with (dict "root" $ "step" …). */}}
{{- define "countersign.setupContainer" -}}
- name: {{ .step.name }}
  {{- include "countersign.containerBase" .root | nindent 2 }}
  args: [{{ .step.name }}]
  env:
    {{- range $variable, $value := merge (deepCopy .step.env) (include "countersign.sharedEnv" .root | fromJson) }}
    - { name: {{ $variable }}, value: {{ $value | quote }} }
    {{- end }}
  resources: {{- toYaml .root.Values.setup.resources | nindent 4 }}
  volumeMounts:
    {{- include "countersign.commonMounts" .root | nindent 4 }}
    - { name: {{ .step.name }}, mountPath: /etc/countersign/keys, readOnly: true }
{{- end }}

{{- define "countersign.setupSpec" -}}
{{- $root := . }}
{{- $steps := include "countersign.setupSteps" . | fromJsonArray }}
backoffLimit: {{ .Values.setup.backoffLimit }}
activeDeadlineSeconds: {{ .Values.setup.activeDeadlineSeconds }}
template:
  metadata:
    labels: {{- include "countersign.selector" . | nindent 6 }}
      app.kubernetes.io/component: setup
  spec:
    # a hook runs before the release's own account is there
    serviceAccountName: {{ ternary "default" (include "countersign.serviceAccount" .) (eq .Values.setup.mode "hook") }}
    {{- include "countersign.podRest" . | nindent 4 }}
    restartPolicy: OnFailure
    {{- with initial $steps }}
    initContainers:
      {{- range $step := . }}
      {{- include "countersign.setupContainer" (dict "root" $root "step" $step) | nindent 6 }}
      {{- end }}
    {{- end }}
    containers: {{- include "countersign.setupContainer" (dict "root" $root "step" (last $steps)) | nindent 6 }}
    volumes:
      {{- include "countersign.commonVolumes" . | nindent 6 }}
      {{- range $step := $steps }}
      - {{- include "countersign.secretVolume" (dict "name" $step.name "secret" $step.secret) | nindent 8 }}
      {{- end }}
{{- end }}
