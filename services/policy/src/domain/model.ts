import type { Micros } from '@countersign/primitives';
import type {
  AgentRef,
  CodeRef,
  GrantTerms,
  List,
  OrganizationPolicy,
  Policy,
  ReasonCode,
  Surface,
  TaskData,
} from '@countersign/contracts';
import type { EffectivePolicy } from './effective-policy.js';

/** Levels whose rules meet in the effective policy, in the order in which they are told. */
export const LEVELS = ['clientOrg', 'targetOrg', 'client', 'connection', 'surface', 'share'] as const;
/** A level whose rules meet in the effective policy. */
export type Level = (typeof LEVELS)[number];

/** Whose organisation's rule it is. */
export type Side = 'client' | 'target';

/** Every document in force between a client and its target. A document that does not exist is neutral; only the connection's has to exist. */
export interface PoliciesInForce {
  readonly clientOrg: OrganizationPolicy | undefined;
  /** Of another organisation; undefined where both ends belong to the same. */
  readonly targetOrg: OrganizationPolicy | undefined;
  readonly client: Policy | undefined;
  readonly connection: Policy | undefined;
  readonly targetSurface: Surface;
  /** Task types that the target was shared for; null where there is no share, or one for every type. */
  readonly shareTaskTypes: List;
  /** Whether the target belongs to another organisation. */
  readonly foreignTarget: boolean;
}

/** What a task's evaluation depends on besides policies; `now` in ms by the database's clock. */
export interface PolicyFacts {
  readonly now: number;
  readonly estimateMicros: Micros | undefined;
  readonly client: AgentRef;
  readonly target: AgentRef;
  readonly connection: string;
  /** Whether the client may send a task that is no part of another one. */
  readonly mayOriginate: boolean;
}

/** What a clause sees. */
export interface ClauseContext {
  readonly task: TaskData;
  readonly policies: PoliciesInForce;
  readonly effective: EffectivePolicy;
  readonly facts: PolicyFacts;
}

/** What a clause wants a reader to know: names and numbers, never content of a task. */
export type ClauseDetail = Readonly<Record<string, string | number | null | readonly string[]>>;

/** What came of a clause. */
export type ClauseOutcome = 'ALLOW' | 'DENY' | 'ASK' | 'NOT_APPLICABLE';

/** A reason to deny or to ask, with the side whose rule it is. */
export interface ClauseReason {
  readonly code: ReasonCode;
  readonly side: Side;
  /** The rule, where a clause has more than one. */
  readonly id?: string;
}

/** What a clause says: `by` are the levels that decided, one reason a side that asks, one reason for a denial. */
export interface ClauseResult {
  readonly outcome: ClauseOutcome;
  readonly by: readonly Level[];
  readonly reasons: readonly ClauseReason[];
  readonly detail?: ClauseDetail;
}

/** One dimension of policy. Its number is its place in the evaluation order. */
export interface Clause {
  readonly number: number;
  readonly name: string;
  readonly evaluate: (context: ClauseContext) => ClauseResult;
}

/** A clause with its result, as it is told. */
export interface ClauseReport extends ClauseResult {
  readonly number: number;
  readonly name: string;
}

/** The decision of all clauses; `codes` in the order of the clauses, denials only where there is one. */
export interface PolicyDecision {
  readonly decision: 'ALLOW' | 'DENY' | 'REQUIRE_APPROVAL';
  readonly codes: readonly CodeRef[];
  readonly clauses: readonly ClauseReport[];
  readonly grant: GrantTerms | undefined;
  /** Undefined where the documents could not be evaluated. */
  readonly effective: EffectivePolicy | undefined;
  /** Where the documents could not be evaluated: what is wrong with which. */
  readonly fault?: DocumentFault;
  /** When the client's own windows open again, of a denial by one of them. */
  readonly nextOpenAt?: number;
  /** When to try again, of a denial by a limit of the client's own side that time mends. */
  readonly retryAfterMs?: number;
}

/** A stored document that cannot be evaluated. */
export interface DocumentFault {
  readonly level: Level;
  readonly field: string;
  readonly problem: string;
}

/** The answer of a clause that has nothing against a task; `by` are the levels whose rules it was held against. */
export function allow(by: readonly Level[]): ClauseResult {
  return { outcome: by.length === 0 ? 'NOT_APPLICABLE' : 'ALLOW', by, reasons: [] };
}

/** The answer of a clause that forbids a task. */
export function deny(by: readonly Level[], reason: ClauseReason, detail: ClauseDetail = {}): ClauseResult {
  return { outcome: 'DENY', by, reasons: [reason], detail };
}

/** The answer of a clause that wants a person: one reason for each side whose rule asks, because each side's own people are asked. */
export function ask(
  code: ReasonCode,
  by: readonly Level[],
  sides: readonly Side[],
  detail: ClauseDetail = {},
): ClauseResult {
  return { outcome: 'ASK', by, reasons: sides.map((side) => ({ code, side })), detail };
}
