import { parseInstant } from '@countersign/primitives';
import type { ApprovalFacts, Role } from '@countersign/contracts';

/** A person who decides or might. */
export interface Decider {
  readonly org: string;
  readonly operator: string;
  readonly roles: readonly Role[];
  readonly status: 'ACTIVE' | 'DISABLED';
}

/** What a person may have had to do with a task; people are named `user:<id>`, as actors are. */
export interface Involvement {
  /** Who registered the client and the target agent; undefined where it is not known. */
  readonly registrars: readonly (string | undefined)[];
  /** Who wrote the versions of the policies that this round was judged by; undefined where the verdict did not say. */
  readonly authors: ApprovalFacts['authors'] | undefined;
}

/** How long whoever wrote a policy may not approve what is judged by it. */
export const AUTHOR_MS = 24 * 3_600_000;
const DECIDING: readonly Role[] = ['APPROVER', 'OWNER'];

/** Why a person may not decide. */
export type Ineligibility =
  | 'another organisation is asked'
  | 'disabled'
  | 'neither approver nor owner'
  | 'registered the client or the target agent'
  | 'wrote a policy of this task within 24 hours'
  | 'it is not known who else had to do with the task';

/**
 * Four eyes (F.2, D-22): why this person may not decide on a task at `now` (ms), undefined when they may. Who registered an agent of the task, or wrote one of its
 * policies within 24 hours, does not decide; where that is not known, nobody does.
 */
export function whyIneligible(
  person: Decider,
  asked: { readonly org: string } & Involvement,
  now: number,
): Ineligibility | undefined {
  if (person.org !== asked.org) return 'another organisation is asked';
  if (person.status !== 'ACTIVE') return 'disabled';
  if (!person.roles.some((role) => DECIDING.includes(role))) return 'neither approver nor owner';
  const name = `user:${person.operator}`;
  const { registrars, authors } = asked;
  if (authors === undefined || registrars.includes(undefined))
    return 'it is not known who else had to do with the task';
  if (registrars.includes(name)) return 'registered the client or the target agent';
  return authors.some(({ by, at }) => by === name && now - parseInstant(at) < AUTHOR_MS)
    ? 'wrote a policy of this task within 24 hours'
    : undefined;
}

/** Those of an organisation who may still decide a request. */
export function eligibleFor<P extends Decider>(
  people: readonly P[],
  asked: { readonly org: string; readonly decided: readonly string[] } & Involvement,
  now: number,
): readonly P[] {
  return people.filter(
    (person) => !asked.decided.includes(person.operator) && whyIneligible(person, asked, now) === undefined,
  );
}
