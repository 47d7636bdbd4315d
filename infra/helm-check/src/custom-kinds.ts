import type { Shape } from './walker.js';

const text: Shape = { type: 'string' };
const whole: Shape = { type: 'integer' };
const texts: Shape = { type: 'array', items: text };
const map: Shape = { type: 'object', values: text };
const object = (properties: Readonly<Record<string, Shape>>, required: readonly string[] = []): Shape => ({
  type: 'object',
  properties,
  required,
});
const list = (items: Shape): Shape => ({ type: 'array', items });
const top = (spec: Shape): Shape =>
  object({ apiVersion: text, kind: text, metadata: object({ name: text, labels: map }, ['name']), spec }, ['spec']);

const selector = object({
  matchLabels: map,
  matchExpressions: list(object({ key: text, operator: text, values: texts }, ['key', 'operator'])),
});

/** Kinds of other projects, as far as the chart uses them: External Secrets, cert-manager, Prometheus Operator, KEDA. */
export const CUSTOM_KINDS: Readonly<Record<string, Shape>> = {
  ServiceMonitor: top(
    object(
      {
        selector,
        namespaceSelector: object({ matchNames: texts }),
        endpoints: list(object({ port: text, path: text, interval: text }, ['port'])),
      },
      ['selector', 'endpoints'],
    ),
  ),
  PrometheusRule: top(
    object({
      groups: list(
        object(
          {
            name: text,
            rules: list(
              object({ record: text, alert: text, expr: text, for: text, labels: map, annotations: map }, ['expr']),
            ),
          },
          ['name', 'rules'],
        ),
      ),
    }),
  ),
  ExternalSecret: top(
    object(
      {
        refreshInterval: text,
        secretStoreRef: object({ kind: text, name: text }, ['name']),
        target: object({ name: text, creationPolicy: text }),
        dataFrom: list(object({ extract: object({ key: text }, ['key']) })),
      },
      ['secretStoreRef'],
    ),
  ),
  Certificate: top(
    object(
      {
        secretName: text,
        dnsNames: texts,
        duration: text,
        renewBefore: text,
        privateKey: object({ algorithm: text, size: whole, rotationPolicy: text }),
        usages: texts,
        issuerRef: object({ kind: text, name: text, group: text }, ['name']),
      },
      ['secretName', 'issuerRef'],
    ),
  ),
  ScaledObject: top(
    object(
      {
        scaleTargetRef: object({ apiVersion: text, kind: text, name: text }, ['name']),
        minReplicaCount: whole,
        maxReplicaCount: whole,
        triggers: list(object({ type: text, metadata: map }, ['type', 'metadata'])),
      },
      ['scaleTargetRef', 'triggers'],
    ),
  ),
};
