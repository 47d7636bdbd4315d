import { Controller } from '@nestjs/common';
import { Clock, formatInstant, Random } from '@countersign/primitives';
import { kindOfTransition, type RecordedItem, type TransitionItem } from '@countersign/contracts';
import { FrameWriter, itemNonce, OnTransitions, type ReceivedItem } from '@countersign/bus';
import { Readiness } from '@countersign/service-host';
import { Chains } from '../../application/ports.js';
import { transitionDraft } from '../../domain/entry-header.js';

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
    const positions = await this.chains.append(items.map(({ item, streamAt }) => transitionDraft(item, streamAt)));
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
}
