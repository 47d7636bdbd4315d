import type {
  Action,
  CodeRef,
  Control,
  Facts,
  FinishedItem,
  GrantTerms,
  ReasonCode,
  RecordRef,
  RoundLine,
  TaskKey,
  TaskState,
  Usage,
  VerdictItem,
} from '@countersign/contracts';
import type { ApprovalRequest, AskedReason } from './approval-request.js';

/** A span of the caller's own that came with a submission; `invalid` for what is none. */
export type CallerTrace = { readonly traceId: string; readonly spanId: string } | 'invalid';

/** A verdict that counts, with where it stands; `at` and `validUntil` in ms. */
export interface CountedVerdict {
  readonly control: Control;
  readonly verdict: VerdictItem;
  readonly ref: { readonly frame: string; readonly index: number; readonly leaf: string };
  readonly at: number;
  /** The verdict as it stood in its frame, for the record; absent where it is too long. */
  readonly line?: string;
}

/** Why a verdict is missing. */
export type MissingCause = 'missing' | 'malformed' | 'signature' | 'digest' | 'stale';

/** What of a task's envelope the dispatcher needs; `deadline` in ms. */
export interface TaskSummary {
  readonly taskType: string;
  readonly target: string;
  readonly deadline: number;
  readonly instance: string | undefined;
  readonly models: readonly string[] | null;
  readonly tools: readonly string[] | null;
  readonly usesModels: boolean;
  /** Whether the caller says that doing it twice is as good as once; absent = no. */
  readonly idempotent?: boolean;
}

/** One evaluation of a task, as the log has told so far. Instants in ms. */
export interface Evaluation {
  readonly key: TaskKey;
  readonly attempt: number;
  readonly round: number;
  readonly seq: number;
  /** The stream's timestamp of this round's message. */
  readonly streamAt: number;
  readonly digest: string;
  readonly task: TaskSummary;
  readonly callerTrace?: CallerTrace;
  readonly verdicts: Map<Control, CountedVerdict>;
  readonly missing: Map<Control, MissingCause>;
  /** The stream's timestamp of the first denial. */
  deniedAt: number | undefined;
  /** Why a control took its approval back, or would; nothing is released any more. */
  withdrawn?: readonly CodeRef[];
}

/** What a claim says about a hand-over. */
export type Claim = 'NONE' | 'CLAIMED' | 'UNDELIVERED' | 'WITHDRAWN';

/** A task from its decision on: the row, which is the truth. Plain JSON; money as decimal strings, instants in ms. */
export interface TaskRecord {
  readonly key: TaskKey;
  readonly attempt: number;
  readonly round: number;
  readonly state: TaskState;
  readonly seq: number;
  readonly acceptedAt: number;
  /** When the current round began: the stream's timestamp of its message, and before it is judged, when it was asked for. */
  readonly roundAt?: number;
  readonly callerTrace?: CallerTrace;
  readonly digest: string;
  readonly task: TaskSummary;
  readonly facts: Facts;
  readonly codes: readonly CodeRef[];
  readonly primary?: ReasonCode;
  /** The earliest end of the verdicts that it was released on. */
  readonly validUntil?: number;
  readonly connection?: NonNullable<VerdictItem['connection']>;
  readonly epochs?: NonNullable<VerdictItem['epochs']>;
  readonly grant?: GrantTerms;
  readonly deliverDigest?: string;
  readonly transformed?: boolean;
  readonly action?: Action;
  readonly actionDigest?: string;
  /** ISO 4217, of the client's organisation. */
  readonly currency?: string;
  /** How many people the connection asks for, and how long they have (ms): as when the task was released or held. */
  readonly approvalTerms?: { readonly required: 1 | 2; readonly expiryMs: number };
  /** What people were and are asked in this attempt, oldest first. */
  readonly requests?: readonly ApprovalRequest[];
  /** What people have approved, and who they were. */
  readonly covered: readonly AskedReason[];
  readonly approvedBy?: readonly string[];
  /** What is left of the deadline while a person decides. */
  readonly clockLeft?: number;
  readonly approvedAt?: number;
  readonly claim: Claim;
  readonly grantId?: string;
  readonly claimedAt?: number;
  readonly result?: {
    readonly seq: number;
    readonly digest: string;
    readonly usage: readonly Usage[];
    readonly tools: readonly string[];
  };
  readonly chargedMicros?: string;
  /** What output screening came to. */
  readonly output?: NonNullable<FinishedItem['output']>;
  /** Of an attempt after an output that was not good enough: how it differs from the one before. */
  readonly retry?: NonNullable<RoundLine['retry']>;
  /** Of a further attempt: which one it replaces, and what becomes of that one's money. */
  readonly replaces?: NonNullable<RoundLine['replaces']>;
  /** Of an attempt that was replaced: the attempt that goes on. Its row is closed, but the task has not ended. */
  readonly replacedBy?: number;
  /** What the attempts before this one were charged. */
  readonly earlierMicros?: string;
  /** What was told after the end: the whole cost with it, and the late result's digest or the report's id. The first one stands. */
  readonly late?: {
    readonly usage: readonly Usage[];
    readonly chargedMicros?: string;
    readonly digest?: string;
    readonly report?: string;
  };
  /** When the row has to be looked at again. */
  readonly timerAt?: number;
  readonly endedAt?: number;
  readonly record?: RecordRef;
}
