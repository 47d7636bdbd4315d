import type { Level, PoliciesInForce, Side } from './model.js';
import type { OrganizationPolicy, Policy } from '@countersign/contracts';

/** A document that exists, with its level. */
export interface LevelDocument {
  readonly level: 'clientOrg' | 'targetOrg' | 'client' | 'connection';
  readonly document: Policy | OrganizationPolicy;
}

/** The documents that exist, organisations first. */
export function documentsOf(policies: PoliciesInForce): readonly LevelDocument[] {
  return (['clientOrg', 'targetOrg', 'client', 'connection'] as const).flatMap((level) => {
    const document = policies[level];
    return document === undefined ? [] : [{ level, document }];
  });
}

/** Whose rule a level's is. A surface is its organisation's; what a share is for was offered to the client's organisation, which knows it. */
export function sideOf(level: Level, { foreignTarget }: Pick<PoliciesInForce, 'foreignTarget'>): Side {
  return level === 'targetOrg' || (level === 'surface' && foreignTarget) ? 'target' : 'client';
}

/** Whose rule a denial of several levels is: the client's as soon as one of its own forbids, because that it may know. */
export function sideOfAll(levels: readonly Level[], policies: Pick<PoliciesInForce, 'foreignTarget'>): Side {
  return levels.some((level) => sideOf(level, policies) === 'client') ? 'client' : 'target';
}

/** The sides of some levels, the client's first. */
export function sidesOf(levels: readonly Level[], policies: Pick<PoliciesInForce, 'foreignTarget'>): readonly Side[] {
  return (['client', 'target'] as const).filter((side) => levels.some((level) => sideOf(level, policies) === side));
}
