import { COMMANDS, type AnswerData } from '@countersign/contracts';
import type { CommandClient } from '@countersign/bus';

/** People who approve one task of the demo when it waits for them, one after another. */
export class Approvals {
  #given = 0;
  #asking: Promise<void> | undefined;

  constructor(
    private readonly by: {
      readonly people: readonly CommandClient[];
      readonly organisation: { readonly org: string };
    },
    private readonly needed: number,
  ) {}

  /** How many have approved, once all who were asked have answered. */
  async given(): Promise<number> {
    await this.#asking;
    return this.#given;
  }

  /** Hears of states of the task before its end. */
  onState(answer: AnswerData): void {
    if (answer.state !== 'AWAITING_APPROVAL' || this.needed === 0) return;
    this.#asking ??= this.#approve(answer.task).catch(() => undefined);
  }

  async #approve(id: string): Promise<void> {
    for (const person of this.by.people.slice(0, this.needed)) {
      const { requests } = await person.call(COMMANDS.dispatcher.approvals, { org: this.by.organisation.org });
      const request = requests.find((r) => r.task.task === id);
      if (request === undefined) return;
      const { task, attempt, round, actionDigest } = request;
      const { missing } = await person.call(COMMANDS.dispatcher.approve, {
        task,
        attempt,
        round,
        actionDigest,
        comment: 'approved by the demo',
      });
      this.#given += 1;
      if (missing === 0) return;
    }
  }
}
