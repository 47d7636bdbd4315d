import type { Control, VerdictItem } from '@countersign/contracts';
import type { TaskMessage } from './task-message.js';

/** A verdict that was published for a task. */
export interface JudgedTask {
  readonly task: TaskMessage;
  readonly verdict: VerdictItem;
}

/** A batch whose verdicts are stored; instants in ms. */
export interface JudgedBatch {
  readonly control: Control;
  readonly size: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly judged: readonly JudgedTask[];
}

/** Watches what is judged; nothing depends on it. */
export interface JudgeObserver {
  /** The span id that the verdict on this task names; undefined where its trace is not kept. */
  readonly spanOf: (task: TaskMessage) => string | undefined;
  readonly onBatch: (batch: JudgedBatch) => void;
}
