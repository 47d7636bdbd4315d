import type { Agent } from '@countersign/agent-sdk';
import type { AnswerData } from '@countersign/contracts';
import { newId } from './attacker.js';

/** How a task of the load ended: its answer, or why it was not accepted. */
export type End = AnswerData | { readonly state: 'NOT_ACCEPTED'; readonly reason: string };

/** Tasks at a steady rate until it is stopped, whatever becomes of those before. */
export class SteadyLoad {
  readonly ends = new Map<string, End>();
  readonly #ids: string[] = [];
  readonly #open: Promise<void>[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly client: Agent,
    private readonly task: { readonly target: string; readonly taskType: string; readonly deadlineMs: number },
    ratePerSecond: number,
  ) {
    this.#timer = setInterval(() => this.#submit(), 1_000 / ratePerSecond);
  }

  /** Ids of everything submitted, in order. */
  get ids(): readonly string[] {
    return this.#ids;
  }

  /** Submits no more and waits for the end of all. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
  }

  #submit(): void {
    const id = newId();
    this.#ids.push(id);
    this.#open.push(this.#follow(id));
  }

  async #follow(id: string): Promise<void> {
    const { target, taskType, deadlineMs } = this.task;
    const deadline = new Date(Date.now() + deadlineMs).toISOString();
    const end = await this.client.submit({ id, target, taskType, text: 'hello', deadline }).catch((error: unknown) => ({
      state: 'NOT_ACCEPTED' as const,
      reason: error instanceof Error ? error.message : 'unknown',
    }));
    this.ends.set(id, end);
  }
}
