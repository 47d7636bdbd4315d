import type { Micros } from '@countersign/primitives';
import type {
  CodeRef,
  GrantTerms,
  OrganizationPolicy,
  Policy,
  ReasonCode,
  Surface,
  TaskData,
} from '@countersign/contracts';

/** Every document in force between a client and its target. A document that does not exist is neutral. */
export interface PoliciesInForce {
  readonly clientOrg: OrganizationPolicy | undefined;
  readonly targetOrg: OrganizationPolicy | undefined;
  readonly client: Policy | undefined;
  readonly connection: Policy | undefined;
  readonly targetSurface: Surface;
}

/** What a task's evaluation depends on; `now` in ms by the database's clock. */
export interface PolicyFacts {
  readonly now: number;
  readonly estimateMicros: Micros | undefined;
}

/** What the clauses of all levels come to, as an intersection. */
export interface EffectivePolicy {
  readonly grant: GrantTerms;
  readonly approvalAboveMicros: Micros | undefined;
  /** Whether any rule needs to know the cost. */
  readonly hasCostRule: boolean;
}

/** What a clause sees. */
export interface ClauseContext {
  readonly task: TaskData;
  readonly policies: PoliciesInForce;
  readonly effective: EffectivePolicy;
  readonly facts: PolicyFacts;
}

/** What a clause says: nothing, a denial, or that a person has to approve. */
export type ClauseResult =
  | { readonly outcome: 'pass' }
  | {
      readonly outcome: 'deny' | 'ask';
      readonly code: ReasonCode;
      readonly side: 'client' | 'target';
      readonly detail?: Readonly<Record<string, string | number | null>>;
    };

/** One dimension of policy. Its number is its place in the evaluation order. */
export interface Clause {
  readonly number: number;
  readonly name: string;
  readonly evaluate: (context: ClauseContext) => ClauseResult;
}

/** The decision of all clauses; `codes` in the order of the clauses, denials only where there is one. */
export interface PolicyDecision {
  readonly decision: 'ALLOW' | 'DENY' | 'REQUIRE_APPROVAL';
  readonly codes: readonly CodeRef[];
  readonly clauses: Readonly<Record<string, 'pass' | 'deny' | 'ask'>>;
  readonly details: Readonly<Record<string, Readonly<Record<string, string | number | null>>>>;
  readonly grant: GrantTerms | undefined;
}

/** The answer of a clause that has nothing against a task. */
export const PASS: ClauseResult = { outcome: 'pass' };
