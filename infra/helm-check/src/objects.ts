import type { Json, Manifest } from './chart.js';

/** The services. */
export const SERVICES = ['audit', 'budget', 'dispatcher', 'guardrails', 'policy', 'registry', 'trust'] as const;

/** A value deep in an object, by keys and indices; undefined when there is none. */
export function at(value: Json | undefined, ...path: readonly (string | number)[]): Json | undefined {
  return path.reduce<Json | undefined>((found, key) => {
    if (Array.isArray(found)) return (found as readonly Json[])[Number(key)];
    return found !== null && typeof found === 'object'
      ? (found as Readonly<Record<string, Json>>)[String(key)]
      : undefined;
  }, value);
}

/** A text deep in an object; empty when there is none. */
export function textAt(value: Json | undefined, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
}

/** A list deep in an object; empty when there is none. */
export function listAt(value: Json | undefined, ...path: readonly (string | number)[]): readonly Json[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? (found as readonly Json[]) : [];
}

/** A map of texts deep in an object; empty when there is none. */
export function textsAt(
  value: Json | undefined,
  ...path: readonly (string | number)[]
): Readonly<Record<string, string>> {
  const found = at(value, ...path);
  return found !== null && typeof found === 'object' && !Array.isArray(found)
    ? (found as Readonly<Record<string, string>>)
    : {};
}

/** Objects of a kind. */
export const ofKind = (objects: readonly Manifest[], kind: string): readonly Manifest[] =>
  objects.filter((object) => object.kind === kind);

/** A pod as somebody makes it: its labels and its spec. */
export interface PodTemplate {
  readonly from: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: Json;
}

const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  Deployment: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
};

/** Every pod that the objects make. */
export function podTemplates(objects: readonly Manifest[]): readonly PodTemplate[] {
  return objects.flatMap((object) => {
    const path = TEMPLATES[object.kind];
    if (path === undefined) return [];
    const template = at(object, ...path);
    return [
      {
        from: `${object.kind}/${object.metadata.name}`,
        labels: textsAt(template, 'metadata', 'labels'),
        annotations: textsAt(template, 'metadata', 'annotations'),
        spec: at(template, 'spec') ?? {},
      },
    ];
  });
}

/** Every container of a pod, those that run before the others included. */
export function containersOf(pod: PodTemplate): readonly Json[] {
  return [...listAt(pod.spec, 'initContainers'), ...listAt(pod.spec, 'containers')];
}
