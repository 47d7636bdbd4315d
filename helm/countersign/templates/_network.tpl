{{/* Who a side of the table is: a named peer, or programs of this release. */}}
{{- define "countersign.peer" -}}
{{- if kindIs "string" .peer }}
{{- if and .root.Values.dev.enabled (has .peer (list "nats" "postgresql")) }}
- podSelector:
    matchLabels: {{- include "countersign.selector" .root | nindent 6 }}
      app.kubernetes.io/component: {{ .peer }}
{{- else if and .root.Values.dev.enabled (eq .peer "namespace") }}
- podSelector: {}
{{- else if and .root.Values.dev.enabled (eq .peer "api-server") }}
{{- /* Anywhere: it is no pod, and some network plug-ins do not see it as an address either. */}}
{{- else }}
{{- toYaml (index .root.Values.networkPolicy.peers .peer) }}
{{- end }}
{{- else }}
- podSelector:
    matchLabels: {{- include "countersign.selector" .root | nindent 6 }}
    matchExpressions:
      - { key: app.kubernetes.io/component, operator: In, values: {{ .peer | toJson }} }
{{- end }}
{{- end }}

{{/* Further rows for what `dev` brings with it, as JSON. */}}
{{- define "countersign.devAllow" -}}
{{- if .Values.dev.enabled -}}
{{- $services := keys .Values.services | sortAlpha -}}
{{- $tcp := dict "nats" (list (dict "port" 4222 "protocol" "TCP")) "postgresql" (list (dict "port" 5432 "protocol" "TCP")) "api" (list (dict "port" 443 "protocol" "TCP") (dict "port" 6443 "protocol" "TCP") (dict "port" 8443 "protocol" "TCP") (dict "port" 16443 "protocol" "TCP")) -}}
{{- list
  (dict "from" "namespace" "to" (list "nats") "ports" $tcp.nats)
  (dict "from" (concat $services (list "setup")) "to" (list "postgresql") "ports" $tcp.postgresql)
  (dict "from" (list "dev-secrets") "to" "api-server" "ports" $tcp.api)
  (dict "from" (list "dev-secrets") "to" "dns" "ports" (list (dict "port" 53 "protocol" "UDP") (dict "port" 53 "protocol" "TCP")))
  | toJson -}}
{{- else -}}
[]
{{- end -}}
{{- end }}
