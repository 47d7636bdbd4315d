import { Injectable } from '@nestjs/common';
import type { TaskMessage } from '@countersign/bus';

/** What is remembered of a task: enough to tell that it is the one that is asked for. */
export type RecentTask = Pick<TaskMessage, 'key' | 'seq' | 'digest' | 'body'>;

/** Most bytes of bodies that are remembered, and most tasks. */
const MOST_BYTES = 16 * 1024 * 1024;
const MOST_TASKS = 20_000;

/**
 * Submissions that were screened lately, by their sequence in stream ING: their results come back within moments, and what was sent is then needed once more. Only a
 * memory: whoever does not find a task here reads the stream.
 */
@Injectable()
export class RecentTasks {
  readonly #tasks = new Map<number, RecentTask>();
  #bytes = 0;

  /** Remembers tasks, at the cost of the oldest. */
  remember(tasks: readonly RecentTask[]): void {
    for (const { key, seq, digest, body } of tasks) {
      if (body.length > MOST_BYTES) continue;
      this.#forget(seq);
      // a copy: a received body is a window of everything that came with it
      this.#tasks.set(seq, { key, seq, digest, body: Buffer.from(body) });
      this.#bytes += body.length;
    }
    for (const seq of this.#tasks.keys()) {
      if (this.#bytes <= MOST_BYTES && this.#tasks.size <= MOST_TASKS) break;
      this.#forget(seq);
    }
  }

  /** The task of a sequence, if it is remembered; whoever asks checks its digest and key. */
  find(seq: number): RecentTask | undefined {
    return this.#tasks.get(seq);
  }

  #forget(seq: number): void {
    const task = this.#tasks.get(seq);
    if (task === undefined) return;
    this.#tasks.delete(seq);
    this.#bytes -= task.body.length;
  }
}
