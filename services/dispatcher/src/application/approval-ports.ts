import type { Person } from '@countersign/bus';
import type { Action, ApprovalFacts } from '@countersign/contracts';
import type { DecisionOutcome, SaidDecision } from '../domain/approval-decision.js';
import type { ApprovalRequest } from '../domain/approval-request.js';
import type { ApprovalTerms } from '../domain/approval-terms.js';
import type { AttemptKey } from '../domain/attempt.js';
import type { Evaluation, TaskRecord } from '../domain/model.js';
import type { Changed } from './ports.js';

/** What is known of the people who are asked. */
export abstract class Approvers {
  /** On which terms people are asked about a task, and whose approvals still count. */
  abstract termsFor(evaluation: Evaluation): ApprovalTerms;
  /** Takes note of a task that begins to wait for people: raises an alert at once where too few may decide. */
  abstract asked(record: TaskRecord): void;
}

/** A person's decision on the way to the row. */
export interface ArrivedDecision extends AttemptKey {
  readonly said: SaidDecision;
  readonly person: Person;
  readonly comment: string | undefined;
}

/** What of the world outside the row a decision depends on; looked up when the row is locked. */
export interface DecisionWorld {
  /** Who registered the client and the target agent of a row. */
  readonly registrars: (record: TaskRecord) => readonly (string | undefined)[];
  readonly stands: (person: string) => boolean;
}

/** What became of a decision; `changed` where something was written. */
export interface TakenDecision {
  readonly outcome: DecisionOutcome;
  readonly before: TaskRecord | undefined;
  readonly changed: Changed | undefined;
}

/** A request that waits, as it is stored in the organisation that is asked. */
export interface WaitingRequest extends AttemptKey {
  readonly request: ApprovalRequest;
  readonly action: Action;
  readonly actionDigest: string;
  readonly target: { readonly org: string; readonly agent: string };
  readonly authors: ApprovalFacts['authors'] | undefined;
}

/** Where a page of requests ends. */
export interface WaitingCursor extends AttemptKey {
  /** ms since 1970. */
  readonly requestedAt: number;
  readonly round: number;
  readonly stage: ApprovalRequest['stage'];
}

/** An attempt to decide by somebody who may not. */
export interface BlockedDecision extends AttemptKey {
  readonly round: number;
  /** `kind:id` of the actor. */
  readonly actor: string;
  readonly why: string;
}

/** Requests for approval and what people decide. */
export abstract class ApprovalRequests {
  /** Takes a decision to the locked row; the decision, the row, its transitions and a blocked attempt are one transaction. */
  abstract decide(decision: ArrivedDecision, world: DecisionWorld): Promise<TakenDecision>;
  /** What an organisation is asked now, oldest first, after the cursor where there is one; at most `most`. */
  abstract waiting(
    org: string,
    page: { readonly after: WaitingCursor | undefined; readonly most: number },
  ): Promise<readonly WaitingRequest[]>;
  /** Records that somebody tried to decide who never may, in the organisation of the task. */
  abstract noteBlocked(blocked: BlockedDecision): Promise<void>;
}
