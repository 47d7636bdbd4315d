import type { RecordedItem, RecordRef, TransitionItem } from '@countersign/contracts';
import type { ApprovalTerms } from '../domain/approval-terms.js';
import type { AttemptKey, RoundKey } from '../domain/attempt.js';
import type { Cost } from '../domain/late-costs.js';
import type { Evaluation, TaskRecord } from '../domain/model.js';
import type { RowEvent } from '../domain/row-events.js';

/** A row with what only the store knows of it; instants in ms. */
export interface StoredTask {
  readonly record: TaskRecord;
  readonly answeredAt: number | undefined;
  readonly acceptedAt: number;
  readonly updatedAt: number;
}

/** An evaluation to adopt, with the body that is sealed when a person has to decide. */
export interface Adoption {
  readonly evaluation: Evaluation;
  readonly body: Buffer;
  readonly currency: string;
  readonly terms: ApprovalTerms;
}

/** A row that changed, with the items that say so. */
export interface Changed {
  readonly record: TaskRecord;
  readonly items: readonly TransitionItem[];
  /** The row as it was before; absent where there was none. */
  readonly before?: TaskRecord | undefined;
  /** What it was decided on, of a change that a decision made. */
  readonly evaluation?: Evaluation;
  /** Nothing that the caller hears of: a late cost, an attempt that another one replaces. */
  readonly silent?: boolean;
  /** The row of a further attempt, which this change made. */
  readonly fresh?: boolean;
}

/** A row event for one attempt. */
export interface Addressed extends AttemptKey {
  readonly event: RowEvent;
  /** Of a cost: what it comes to with everything that was told before, asked after the row was locked. */
  readonly charge?: (record: TaskRecord, cost: Cost) => string | undefined;
  /** Bytes that are sealed in the same transaction when the event changes the row: the target's, those to deliver in their place, the original ones for a further attempt. */
  readonly bodies?: { readonly in?: Buffer; readonly out?: Buffer; readonly delivered?: Buffer };
}

/** The rows of tasks, in which the first writer of a decision wins. */
export abstract class Tasks {
  /** Adopts decisions; answers the rows that are this writer's. */
  abstract adopt(adoptions: readonly Adoption[]): Promise<readonly Changed[]>;
  /** Claims tasks whose release in this round stands in the record, against every block; answers the rows that changed. */
  abstract claim(keys: readonly RoundKey[]): Promise<readonly Changed[]>;
  /** Applies events to rows; what an event does not change is left alone. */
  abstract apply(events: readonly Addressed[]): Promise<readonly Changed[]>;
  /** Completed tasks of these whose answer was not noted as sent. */
  abstract unanswered(keys: readonly AttemptKey[]): Promise<readonly TaskRecord[]>;
  /** Notes that transitions stand in the record. */
  abstract noteRecorded(items: readonly RecordedItem[]): Promise<void>;
}

/** Where transitions are announced after their commit. */
export abstract class Transitions {
  /** Announces soon, in the order given. */
  abstract publish(items: readonly TransitionItem[]): void;
  /** Waits for what is in work. */
  abstract stop(): Promise<void>;
}

/** Where callers are told how their tasks stand. */
export abstract class Callers {
  /** Sends an answer in the background; `ref` is its place in the record where that is known. */
  abstract send(record: TaskRecord, ref?: RecordRef): void;
  /** Waits for what is being sent. */
  abstract stop(): Promise<void>;
}

/** Where claimed tasks go. */
export abstract class Targets {
  /** Hands over once; `known` are the task's bytes where they are at hand. False only when it is certain that nothing was delivered. */
  abstract deliver(record: TaskRecord, known: Buffer | undefined): Promise<boolean>;
}

/** Where a task is put before the controls again. */
export abstract class LaterRounds {
  /** Publishes the round that a row in EVALUATING waits for. */
  abstract publish(record: TaskRecord): Promise<void>;
}

/** Where results are given to be screened. */
export abstract class Screening {
  /** Asks for results to be screened; harmless when asked again. */
  abstract request(records: readonly TaskRecord[]): Promise<void>;
}
