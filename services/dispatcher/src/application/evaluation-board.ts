import { Injectable } from '@nestjs/common';
import type { Control, TaskKey, VerdictItem, WithdrawItem } from '@countersign/contracts';
import { taskKeyText } from '@countersign/contracts';
import type { CountedVerdict, Evaluation, MissingCause } from '../domain/model.js';
import { dueAt, isComplete, noteInvalid, takeVerdict } from '../domain/evaluation.js';

/** An evaluation in memory with the bytes of its task. */
export interface OpenEvaluation {
  readonly evaluation: Evaluation;
  readonly body: Buffer;
  /** FLOW was read to here when the evaluation was opened: a replay for it may start there. */
  readonly flowSequence: number;
  /** Handed to be decided; nothing counts any more. */
  decided: boolean;
}

/** A verdict that verified, of a task that is perhaps not seen yet. */
export interface ArrivedVerdict {
  readonly control: Control;
  readonly verdict: VerdictItem;
  readonly received: Pick<CountedVerdict, 'ref' | 'at' | 'line'>;
}

/** How long a verdict is kept for a task that was not read yet, and an early one of another round. */
const KEEP_MS = 15_000;
const SWEEP_MS = 1_000;

/** What is being evaluated at this moment: nothing but a memory of the log, made again by reading it. */
@Injectable()
export class EvaluationBoard {
  readonly #open = new Map<string, OpenEvaluation>();
  readonly #early = new Map<string, ArrivedVerdict[]>();
  /** Evaluations that are over, by when they came (ms): their late verdicts are not kept. */
  readonly #over = new Map<string, number>();
  #sweptAt = Number.NEGATIVE_INFINITY;

  /** Opens an evaluation and counts the verdicts that were there before it. */
  add(opened: OpenEvaluation): void {
    const key = keyOf(opened.evaluation);
    if (this.#open.has(key)) return;
    this.#open.set(key, opened);
    for (const arrived of this.#early.get(key) ?? [])
      takeVerdict(opened.evaluation, arrived.control, arrived.verdict, arrived.received);
    this.#early.delete(key);
  }

  /** Counts a verdict; answers the evaluation when it is complete by it. */
  verdict(arrived: ArrivedVerdict): OpenEvaluation | undefined {
    const { task, attempt, round } = arrived.verdict;
    const key = textOf({ org: task.org, agent: task.agent, task: task.id }, attempt, round);
    const opened = this.#open.get(key);
    if (opened === undefined && this.#over.has(key)) return undefined;
    if (opened === undefined) {
      this.#early.set(key, [...(this.#early.get(key) ?? []), arrived]);
      return undefined;
    }
    if (opened.decided) return undefined;
    takeVerdict(opened.evaluation, arrived.control, arrived.verdict, arrived.received);
    return isComplete(opened.evaluation) ? opened : undefined;
  }

  /** Notes that a control's frame did not verify: whatever of it is missing has that cause. */
  invalidFrame(control: Control, cause: MissingCause): void {
    for (const { evaluation, decided } of this.#open.values()) if (!decided) noteInvalid(evaluation, control, cause);
  }

  /** The evaluation that a withdrawal is about, if it is open. */
  ofWithdrawal({ task, attempt }: WithdrawItem): OpenEvaluation | undefined {
    return this.find({ org: task.org, agent: task.agent, task: task.id }, attempt);
  }

  /** Any open evaluation of a task. */
  find(key: TaskKey, attempt?: number): OpenEvaluation | undefined {
    for (const opened of this.#open.values())
      if (
        taskKeyText(opened.evaluation.key) === taskKeyText(key) &&
        (attempt === undefined || opened.evaluation.attempt === attempt)
      )
        return opened;
    return undefined;
  }

  /** Whether this round is open or was handed to be decided. */
  has(key: TaskKey, attempt: number, round: number): boolean {
    return this.#open.has(textOf(key, attempt, round));
  }

  /** Evaluations that are ready now: complete, or due at an instant (ms). */
  ready(now: number): { readonly sure: readonly OpenEvaluation[]; readonly late: readonly OpenEvaluation[] } {
    const sure: OpenEvaluation[] = [];
    const late: OpenEvaluation[] = [];
    for (const opened of this.#open.values()) {
      if (opened.decided) continue;
      const { evaluation } = opened;
      if (isComplete(evaluation)) sure.push(opened);
      else if (now > dueAt(evaluation)) (evaluation.deniedAt === undefined ? late : sure).push(opened);
    }
    return { sure, late };
  }

  /**
   * Forgets an evaluation that was adopted, by this replica or another, or that was denied without verdicts: the six that come all the same would be kept as those of
   * a task that is not read yet, and a flood of submissions that are refused would fill the memory.
   */
  close({ key, attempt, round, streamAt }: Pick<Evaluation, 'key' | 'attempt' | 'round' | 'streamAt'>): void {
    const text = textOf(key, attempt, round);
    this.#open.delete(text);
    this.#early.delete(text);
    this.#over.set(text, streamAt);
  }

  /** Forgets verdicts of tasks that never came; looks once a second, however often it is asked. */
  sweep(now: number): void {
    if (now - this.#sweptAt < SWEEP_MS) return;
    this.#sweptAt = now;
    for (const [key, arrived] of this.#early)
      if (arrived.every(({ received }) => now - received.at > KEEP_MS)) this.#early.delete(key);
    for (const [key, at] of this.#over) if (now - at > KEEP_MS) this.#over.delete(key);
  }

  /** How many tasks have verdicts that are kept for them. */
  get early(): number {
    return this.#early.size;
  }

  /** The lowest sequences that an open evaluation needs; undefined when none is open. */
  floor(): { readonly ing: number; readonly flow: number } | undefined {
    let floor: { ing: number; flow: number } | undefined;
    for (const { evaluation, flowSequence } of this.#open.values())
      floor = {
        ing: Math.min(floor?.ing ?? evaluation.seq, evaluation.seq),
        flow: Math.min(floor?.flow ?? flowSequence, flowSequence),
      };
    return floor;
  }

  /** When the oldest one that is open began (ms); undefined when none is. */
  oldestAt(): number | undefined {
    let oldest: number | undefined;
    for (const { evaluation } of this.#open.values())
      oldest = Math.min(oldest ?? evaluation.streamAt, evaluation.streamAt);
    return oldest;
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }
}

function textOf(key: TaskKey, attempt: number, round: number): string {
  return `${taskKeyText(key)}/${attempt}/${round}`;
}

function keyOf({ key, attempt, round }: Evaluation): string {
  return textOf(key, attempt, round);
}
