{{/* What is particular to services: their files, their variables, how they are spread. */}}

{{/* Variable → key in the Secret of the service, as JSON: `countersign secrets --format kubernetes` names them so. */}}
{{- define "countersign.files" -}}
{{- $files := dict "COUNTERSIGN_NATS_SEED_FILE" "nats-seed" "COUNTERSIGN_SIGNING_KEY_FILE" "signing-key" "COUNTERSIGN_DATABASE_URL_FILE" "database-url" -}}
{{- if eq . "registry" -}}
{{- $files = merge $files (dict "COUNTERSIGN_AUTH_NATS_SEED_FILE" "auth-nats-seed" "COUNTERSIGN_SYS_NATS_SEED_FILE" "sys-nats-seed" "COUNTERSIGN_CALLOUT_ISSUER_SEED_FILE" "callout-issuer-seed" "COUNTERSIGN_CALLOUT_XKEY_SEED_FILE" "callout-xkey-seed" "COUNTERSIGN_SECRET_PEPPER_FILE" "secret-pepper") -}}
{{- else if has . (list "audit" "guardrails" "dispatcher") -}}
{{- $files = merge $files (dict "COUNTERSIGN_SEAL_KEY_FILE" "seal-key") -}}
{{- end -}}
{{- $files | toJson -}}
{{- end }}

{{/* Environment of a service beyond the ConfigMap, as JSON. Call with (dict "name" … "settings" …). */}}
{{- define "countersign.ownEnv" -}}
{{- $env := dict -}}
{{- range $variable, $file := include "countersign.files" .name | fromJson -}}
{{- $_ := set $env $variable (printf "/etc/countersign/keys/%s" $file) -}}
{{- end -}}
{{- $variables := dict "screeningWorkers" "COUNTERSIGN_SCREENING_WORKERS" "maxLagSeconds" "COUNTERSIGN_TRUST_MAX_LAG_SECONDS" "payloadRetentionDays" "COUNTERSIGN_PAYLOAD_RETENTION_DAYS" "approvalMinutes" "COUNTERSIGN_APPROVAL_MINUTES" "intakePer10s" "COUNTERSIGN_INTAKE_PER_10S" -}}
{{- range $key, $variable := $variables -}}
{{- if hasKey $.settings $key -}}
{{- $_ := set $env $variable (index $.settings $key | int | toString) -}}
{{- end -}}
{{- end -}}
{{- $env | toJson -}}
{{- end }}

{{/* OpenTelemetry's own variables, as JSON. */}}
{{- define "countersign.otelEnv" -}}
{{- $otel := .Values.observability.otel -}}
{{- if $otel.enabled -}}
{{- dict "OTEL_EXPORTER_OTLP_ENDPOINT" $otel.endpoint "OTEL_EXPORTER_OTLP_PROTOCOL" $otel.protocol "OTEL_TRACES_SAMPLER" "parentbased_traceidratio" "OTEL_TRACES_SAMPLER_ARG" ($otel.ratio | toString) | toJson -}}
{{- else -}}
{{- dict "OTEL_SDK_DISABLED" "true" | toJson -}}
{{- end -}}
{{- end }}

{{/* Apart by node and by zone, counted within one version: else the pods of the old one push those of the new one together. */}}
{{- define "countersign.spread" -}}
{{- $root := .root }}
{{- range $key, $when := dict "kubernetes.io/hostname" .settings.spread "topology.kubernetes.io/zone" "ScheduleAnyway" }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: {{ $when }}
  labelSelector:
    matchLabels: {{- include "countersign.selector" $root | nindent 6 }}
      app.kubernetes.io/component: {{ $.name }}
  matchLabelKeys: [pod-template-hash]
{{- end }}
{{- end }}
