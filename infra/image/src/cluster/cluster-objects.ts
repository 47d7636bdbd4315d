/** An object of Kubernetes as its API takes it. */
export interface ClusterObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>> & { readonly name: string };
  readonly [field: string]: unknown;
}

/** Kinds that are made here. */
export type ClusterKind = 'Secret' | 'ConfigMap';

/** Objects in the namespace that this process runs in. */
export abstract class ClusterObjects {
  abstract readonly namespace: string;
  /** The object; undefined when there is none. */
  abstract find(kind: ClusterKind, name: string): Promise<ClusterObject | undefined>;
  /** Makes an object; false when one of that name is there already, which then stays as it is. */
  abstract create(object: ClusterObject): Promise<boolean>;
}
