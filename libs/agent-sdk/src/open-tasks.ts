import { isTerminal, type AnswerData } from '@countersign/contracts';
import { AgentRequestFailed } from './errors.js';

/** Tells whether an answer is the last one of its task. */
export function isFinal(answer: AnswerData): boolean {
  return answer.state === 'NOT_FOUND' || isTerminal(answer.state);
}

interface Waiter {
  readonly onState: (answer: AnswerData) => void;
  readonly resolve: (answer: AnswerData) => void;
  readonly reject: (error: Error) => void;
}

/** Tasks of this process that have not ended: an answer may come twice, early or only on asking, and each waiter hears the last one once. */
export class OpenTasks {
  readonly #waiting = new Map<string, Waiter>();

  /** Ids still open, beginning with one of them where that is told. */
  ids(first?: string): readonly string[] {
    const ids = [...this.#waiting.keys()];
    const from = first === undefined ? 0 : Math.max(0, ids.indexOf(first));
    return [...ids.slice(from), ...ids.slice(0, from)];
  }

  /** Waits for the end of a task; `onState` hears of every state before it. */
  wait(task: string, onState: (answer: AnswerData) => void): Promise<AnswerData> {
    return new Promise((resolve, reject) => this.#waiting.set(task, { onState, resolve, reject }));
  }

  /** Takes an answer; one for a task that is not open is dropped. */
  settle(answer: AnswerData): void {
    const waiter = this.#waiting.get(answer.task);
    if (waiter === undefined) return;
    if (!isFinal(answer)) return waiter.onState(answer);
    this.#waiting.delete(answer.task);
    waiter.resolve(answer);
  }

  /** Gives up on one task. */
  fail(task: string, error: Error): void {
    const waiter = this.#waiting.get(task);
    this.#waiting.delete(task);
    waiter?.reject(error);
  }

  /** Gives up on all tasks because the connection is being closed; they go on and `status` tells of them. */
  close(): void {
    for (const id of this.ids()) this.fail(id, AgentRequestFailed.of('TEMPORARILY_UNAVAILABLE', 'later'));
  }
}
