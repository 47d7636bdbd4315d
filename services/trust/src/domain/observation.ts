import type { TrustLevel } from '@countersign/contracts';

/** How bad a kind of observation is. */
export type ObservationSeverity = 'LOW' | 'MEDIUM' | 'HIGH' | 'CRITICAL';

interface NegativeKind {
  readonly weight: number;
  readonly severity: ObservationSeverity;
  /** Whose mass has a bound of its own a day. */
  readonly bound: 'kind' | 'client-medium' | 'target' | 'none';
}

const low = (weight: number): NegativeKind => ({ weight, severity: 'LOW', bound: 'kind' });
const client: NegativeKind = { weight: 3, severity: 'MEDIUM', bound: 'client-medium' };
const high: NegativeKind = { weight: 8, severity: 'HIGH', bound: 'none' };
const critical: NegativeKind = { weight: 25, severity: 'CRITICAL', bound: 'none' };

/** Every kind of negative observation. */
export const NEGATIVE_KINDS = {
  RATE_LIMITED: low(0.5),
  WINDOW_VIOLATION: low(1),
  SPEND_CAP_HIT: low(1),
  TASK_FAILED: { weight: 1, severity: 'LOW', bound: 'target' },
  TASK_TIMEOUT: { weight: 1, severity: 'LOW', bound: 'target' },
  INJECTION_RELAYED: low(0.5),
  INPUT_RELAYED: low(0.5),
  POLICY_SCOPE_VIOLATION: client,
  INPUT_BLOCKED: client,
  APPROVAL_REJECTED: client,
  ANOMALY_CONFIRMED: { weight: 3, severity: 'MEDIUM', bound: 'none' },
  OUTPUT_BLOCKED: { weight: 4, severity: 'MEDIUM', bound: 'target' },
  INJECTION_SENT: high,
  DELEGATION_VIOLATION: high,
  CROSS_ORG_VIOLATION: high,
  GRANT_EXCEEDED: high,
  CANARY_LEAK: critical,
  FORGED_TOKEN: critical,
} as const satisfies Record<string, NegativeKind>;
/** A kind of negative observation. */
export type NegativeKindName = keyof typeof NEGATIVE_KINDS;
/** Any kind of observation. */
export type ObservationKind = 'TASK_CLEAN' | NegativeKindName;

/** Something that enforcement saw an agent do; `at` in ms. The counterparty is a principal: a person and the agents that he or his team owns are one. */
export interface Observation {
  readonly id: string;
  readonly kind: ObservationKind;
  readonly at: number;
  readonly observerOrg?: string;
  readonly counterparty: string;
  readonly counterpartyLevel?: TrustLevel | 'HUMAN';
  readonly connection?: string;
  readonly code?: string;
  readonly value?: string;
  readonly voided?: boolean;
}

const BY_NAME: ReadonlyMap<string, NegativeKind> = new Map(Object.entries(NEGATIVE_KINDS));

/** What bounds a kind's mass a day; undefined for a name that is no kind of violation. */
export function boundOf(name: string): NegativeKind['bound'] | undefined {
  return BY_NAME.get(name)?.bound;
}

/** The kind's entry; throws for a kind that is not in the catalogue, which denies. */
export function negativeKind(kind: ObservationKind): NegativeKind | undefined {
  if (kind === 'TASK_CLEAN') return undefined;
  const found = BY_NAME.get(kind);
  if (found === undefined) throw new Error(`unknown kind of observation: ${String(kind)}`);
  return found;
}
