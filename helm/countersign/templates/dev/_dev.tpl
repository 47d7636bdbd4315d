{{/* What `dev` brings with it. Names are fixed: Secrets made in the cluster belong to an object of this release and go with it. */}}

{{/* Whether the bundled servers get volumes: "yes" or nothing. */}}
{{- define "countersign.devVolumes" -}}
{{- if eq .Values.dev.persistence "claim" -}}
yes
{{- else if eq .Values.dev.persistence "auto" -}}
{{- range $class := (lookup "storage.k8s.io/v1" "StorageClass" "" "").items -}}
{{- if eq "true" (dig "metadata" "annotations" "storageclass.kubernetes.io/is-default-class" "" $class) -}}yes{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "countersign.devVolume" -}}
- name: data
{{- if include "countersign.devVolumes" .root }}
  persistentVolumeClaim: { claimName: {{ include "countersign.fullname" .root }}-{{ .name }} }
{{- else }}
  emptyDir: {}
{{- end }}
{{- end }}

{{- define "countersign.devClaim" -}}
{{- if include "countersign.devVolumes" .root }}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ include "countersign.fullname" .root }}-{{ .name }}
  labels: {{- include "countersign.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .name }}
spec:
  accessModes: [ReadWriteOnce]
  resources: { requests: { storage: {{ .storage }} } }
{{- end }}
{{- end }}

{{/* Metadata, selector and the like of a bundled server. */}}
{{- define "countersign.devService" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "countersign.fullname" .root }}-{{ .name }}
  labels: {{- include "countersign.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .name }}
spec:
  type: ClusterIP
  selector: {{- include "countersign.selector" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .name }}
  ports:
    {{- range $port, $number := .ports }}
    - { name: {{ $port }}, port: {{ $number }}, targetPort: {{ $port }}, protocol: TCP }
    {{- end }}
{{- end }}
