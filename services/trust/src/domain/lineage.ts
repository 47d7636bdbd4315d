import { sha256 } from '@countersign/primitives';
import type { AgentRecord } from '@countersign/contracts';
import { HALF_LIFE_MS } from './algorithm.js';
import { decay, groupOf } from './masses.js';

/** By what a new agent is recognised as an old one. */
export const LINEAGE_KEY_TYPES = ['NAME_AND_OWNER', 'SOFTWARE_AND_OWNER'] as const;
/** By what a new agent is recognised as an old one. */
export type LineageKeyType = (typeof LINEAGE_KEY_TYPES)[number];

/** A key under which the bad record of an ended agent is remembered; only a hash, so that the table names nobody. */
export interface LineageKey {
  readonly type: LineageKeyType;
  readonly hash: string;
}

/** Negative mass that an agent had at `asOf`, remembered under one key. It ended at `endedAt`; instants in ms. */
export interface LineageEntry {
  readonly org: string;
  readonly key: LineageKey;
  readonly agent: string;
  readonly mass: number;
  readonly asOf: number;
  readonly endedAt: number;
}

type Registration = Pick<AgentRecord, 'org' | 'name' | 'owner'>;

/** Keys of an agent. Names and owners are an organisation's own, so every key starts with the organisation. */
export function lineageKeys({ org, name, owner }: Registration, digest: string | undefined): readonly LineageKey[] {
  const key = (type: LineageKeyType, what: string): LineageKey => ({
    type,
    hash: sha256([type, org, groupOf(owner), what].join('\0')).toString('hex'),
  });
  return [
    key('NAME_AND_OWNER', name.toLowerCase()),
    ...(digest === undefined ? [] : [key('SOFTWARE_AND_OWNER', digest)]),
  ];
}

/** Whether an agent has ended for good. */
export function hasEnded({ status }: Pick<AgentRecord, 'status'>): boolean {
  return status === 'REVOKED' || status === 'DECOMMISSIONED';
}

/** What an agent inherits at an instant (ms): the most of any key, not the sum, of agents that had ended when it was registered. It fades as violations do. */
export function inheritedMass(
  entries: readonly LineageEntry[],
  agent: { readonly agent: string; readonly registeredAt: number },
  now: number,
): number {
  return entries
    .filter((entry) => entry.agent !== agent.agent && entry.endedAt <= agent.registeredAt)
    .reduce((most, { mass, asOf }) => Math.max(most, mass * decay(now - asOf, HALF_LIFE_MS.negative)), 0);
}
