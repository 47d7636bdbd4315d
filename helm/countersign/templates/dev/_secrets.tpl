{{- define "countersign.devSecretsSpec" -}}
{{- $fullname := include "countersign.fullname" . -}}
backoffLimit: 6
activeDeadlineSeconds: 300
template:
  metadata:
    labels: {{- include "countersign.selector" . | nindent 6 }}
      app.kubernetes.io/component: dev-secrets
  spec:
    serviceAccountName: {{ $fullname }}-dev-secrets
    {{- include "countersign.podRest" . | replace "automountServiceAccountToken: false" "automountServiceAccountToken: true" | nindent 4 }}
    restartPolicy: OnFailure
    containers:
      - name: secrets
        {{- include "countersign.containerBase" . | nindent 8 }}
        args: [secrets-in-cluster, --owner, {{ $fullname }}-dev-secrets, --database, '{{ $fullname }}-postgresql:5432']
        resources: {{- toYaml .Values.setup.resources | nindent 10 }}
        volumeMounts:
          - { name: tmp, mountPath: /tmp }
    volumes:
      - name: tmp
        emptyDir: { medium: Memory, sizeLimit: 16Mi }
{{- end }}
