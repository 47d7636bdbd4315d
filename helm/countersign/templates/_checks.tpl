{{/* What the schema cannot say. Rendered for its errors; each names the key and what would be right. */}}

{{- define "countersign.checks" -}}
{{- include "countersign.renamed" . -}}
{{- $problems := list -}}
{{- range $name, $_ := .Values.services -}}
{{- $settings := include "countersign.settings" (dict "root" $ "name" $name) | fromJson -}}
{{- if and (not $.Values.dev.enabled) (lt (int $settings.replicas) 2) -}}
{{- $problems = append $problems (printf "services.%s.replicas is %d: with fewer than 2 every update and eviction is an outage" $name (int $settings.replicas)) -}}
{{- end -}}
{{- if and $settings.autoscaling.enabled $settings.keda.enabled -}}
{{- $problems = append $problems (printf "services.%s: autoscaling and keda are both enabled; right would be one of them" $name) -}}
{{- end -}}
{{- if and $settings.keda.enabled (not $settings.keda.natsMonitoring) -}}
{{- $problems = append $problems (printf "services.%s.keda.natsMonitoring is empty; right would be host:port of NATS' monitoring" $name) -}}
{{- end -}}
{{- range $scaler := list $settings.autoscaling $settings.keda -}}
{{- if and $scaler.enabled (gt (int $scaler.minReplicas) (int $scaler.maxReplicas)) -}}
{{- $problems = append $problems (printf "services.%s: minReplicas %d is more than maxReplicas %d" $name (int $scaler.minReplicas) (int $scaler.maxReplicas)) -}}
{{- end -}}
{{- end -}}
{{- range $variable, $_ := $settings.env -}}
{{- if or (hasPrefix "COUNTERSIGN_" $variable) (has $variable (list "NODE_EXTRA_CA_CERTS" "OTEL_SDK_DISABLED")) -}}
{{- $problems = append $problems (printf "services.%s.env.%s is set by the chart; it has a value of its own" $name $variable) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if eq .Values.setup.mode "hook" -}}
{{- range $flag, $on := dict "dev" .Values.dev.enabled "externalSecrets" .Values.externalSecrets.enabled "certManager" .Values.certManager.enabled -}}
{{- if $on -}}
{{- $problems = append $problems (printf "setup.mode is hook and %s.enabled is true: a hook runs before anything else is there; right would be setup.mode=job" $flag) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .Values.externalSecrets.enabled (not .Values.externalSecrets.storeRef.name) -}}
{{- $problems = append $problems "externalSecrets.storeRef.name is empty; right would be the name of the store" -}}
{{- end -}}
{{- if and .Values.certManager.enabled (not .Values.certManager.issuerRef.name) -}}
{{- $problems = append $problems "certManager.issuerRef.name is empty; right would be the name of the issuer" -}}
{{- end -}}
{{- range $row := .Values.networkPolicy.allow -}}
{{- $peer := ternary $row.to $row.from (kindIs "string" $row.to) -}}
{{- if not (and (kindIs "string" $peer) (hasKey $.Values.networkPolicy.peers $peer)) -}}
{{- if not (and (kindIs "slice" $row.from) (kindIs "slice" $row.to)) -}}
{{- $problems = append $problems (printf "networkPolicy.allow names the peer %v, which networkPolicy.peers does not have" $peer) -}}
{{- end -}}
{{- else if not (index $.Values.networkPolicy.peers $peer) -}}
{{- $problems = append $problems (printf "networkPolicy.peers.%s is empty, which would mean everybody" $peer) -}}
{{- end -}}
{{- end -}}
{{- if .Values.strict -}}
{{- $problems = concat $problems (include "countersign.strictProblems" . | fromJsonArray) -}}
{{- end -}}
{{- if $problems -}}
{{- fail (printf "\n\nThe values are not right:\n  - %s\n" (join "\n  - " $problems)) -}}
{{- end -}}
{{- end }}

{{/* Keys that have another name now, or that other charts have. */}}
{{- define "countersign.renamed" -}}
{{- $renamed := dict "replicaCount" "serviceDefaults.replicas" "resources" "serviceDefaults.resources" "migrations" "setup" "serviceMonitor" "observability.serviceMonitor" "imagePullSecrets" "image.pullSecrets" "natsUrl" "nats.urls" -}}
{{- range $old, $new := $renamed -}}
{{- if hasKey $.Values $old -}}
{{- fail (printf "\n\nThe value %s is called %s now (helm/countersign/UPGRADING.md)\n" $old $new) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "countersign.strictProblems" -}}
{{- $problems := list -}}
{{- if .Values.dev.enabled -}}
{{- $problems = append $problems "strict is on and so is dev.enabled, which is for trying out only" -}}
{{- end -}}
{{- if and (not .Values.image.digest) (has (toString .Values.image.tag) (list "latest" "main" "dev")) -}}
{{- $problems = append $problems (printf "strict is on and image.tag is %s, which means something else tomorrow; right would be a version or a digest" .Values.image.tag) -}}
{{- end -}}
{{- range $path := include "countersign.placeholders" (dict "value" .Values "path" "") | splitList "\n" -}}
{{- if $path -}}
{{- $problems = append $problems (printf "strict is on and %s still holds the placeholder CHANGE_ME" (trimPrefix "." $path)) -}}
{{- end -}}
{{- end -}}
{{- $problems | toJson -}}
{{- end }}

{{/* Paths of strings with CHANGE_ME, one a line. */}}
{{- define "countersign.placeholders" -}}
{{- $path := .path -}}
{{- if kindIs "map" .value -}}
{{- range $key, $value := .value }}{{ include "countersign.placeholders" (dict "value" $value "path" (printf "%s.%s" $path $key)) }}{{ end -}}
{{- else if kindIs "slice" .value -}}
{{- range $index, $value := .value }}{{ include "countersign.placeholders" (dict "value" $value "path" (printf "%s[%d]" $path $index)) }}{{ end -}}
{{- else if contains "CHANGE_ME" (toString .value) -}}
{{ printf "%s\n" $path }}
{{- end -}}
{{- end }}
