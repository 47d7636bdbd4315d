import { Controller } from '@nestjs/common';
import { Clock, formatInstant, Random } from '@countersign/primitives';
import { kindOfTransition, type RecordedItem, type TransitionItem } from '@countersign/contracts';
import { FrameWriter, itemNonce, OnTransitions, type ReceivedItem } from '@countersign/bus';
import { Readiness } from '@countersign/service-host';
import { Logger } from '@countersign/telemetry';
import { Chains } from '../../application/ports.js';
import { transitionEntry } from '../../domain/entry-header.js';
import type { EntryDraft } from '../../domain/entry-draft.js';

/** Audit decides nothing any more when it is this far behind. */
const MAX_LAG_MS = 5_000;

/** Records every transition of every task and says so; nothing passes before it heard of it. */
@Controller()
export class RecordWhenTasksMove {
  #behindSince: number | undefined;

  constructor(
    private readonly chains: Chains,
    private readonly writer: FrameWriter,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly logger: Logger,
    readiness: Readiness,
  ) {
    readiness.add({
      name: 'audit lag',
      ready: () => this.#behindSince === undefined || this.clock.now() - this.#behindSince < MAX_LAG_MS,
    });
  }

  @OnTransitions()
  async record(items: readonly ReceivedItem<TransitionItem>[]): Promise<void> {
    this.#behindSince = Math.min(...items.map((received) => received.streamAt));
    const positions = await this.chains.append(items.map((received) => this.#draft(received)));
    const at = formatInstant(this.clock.now());
    const recorded = items.flatMap(({ item }, i): RecordedItem[] => {
      const place = positions[i];
      return place === undefined
        ? []
        : [
            {
              type: 'recorded',
              nonce: itemNonce(this.random),
              task: item.task,
              attempt: item.attempt,
              round: item.round,
              kind: kindOfTransition(item),
              ...place,
              at,
            },
          ];
    });
    await this.writer.write('rec', recorded);
    this.#behindSince = undefined;
  }

  /** A verdict line that is not the one decided on is left out and told of; the decision is recorded all the same. */
  #draft({ item, streamAt }: ReceivedItem<TransitionItem>): EntryDraft {
    const { draft, mismatched } = transitionEntry(item, streamAt);
    const { org, agent, id: task } = item.task;
    for (const control of mismatched)
      this.logger.alert('INVALID_FRAME', { task: { org, agent, task }, control, failure: 'verdict line' });
    return draft;
  }
}
