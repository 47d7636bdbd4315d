import { Controller } from '@nestjs/common';
import { Clock, formatInstant, Random } from '@countersign/primitives';
import { kindOfTransition, type Evaluation, type RecordedItem, type TransitionItem } from '@countersign/contracts';
import { FrameWriter, itemNonce, OnTransitions, type ReceivedItem } from '@countersign/bus';
import { Readiness } from '@countersign/service-host';
import { Logger, Metrics, Tracer } from '@countersign/telemetry';
import { CheckEnforcement } from '../../application/check-enforcement.js';
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
    private readonly tracer: Tracer,
    private readonly metrics: Metrics,
    private readonly enforcement: CheckEnforcement,
    readiness: Readiness,
  ) {
    readiness.add({
      name: 'audit lag',
      ready: () => this.#lagMs() < MAX_LAG_MS,
    });
    metrics.gauge('countersign_audit_lag_seconds', () => [{ value: this.#lagMs() / 1000 }]);
  }

  @OnTransitions()
  async record(items: readonly ReceivedItem<TransitionItem>[]): Promise<void> {
    const start = this.clock.now();
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
    this.#observe(items, recorded, start);
    await this.enforcement.of(items.flatMap(({ item }) => (item.type === 'claimed' ? [evaluationOf(item)] : [])));
  }

  /** How long the oldest transition in work has stood in the log. */
  #lagMs(): number {
    return this.#behindSince === undefined ? 0 : Math.max(0, this.clock.now() - this.#behindSince);
  }

  #observe(items: readonly ReceivedItem<TransitionItem>[], recorded: readonly RecordedItem[], start: number): void {
    const end = this.clock.now();
    for (const { item, streamAt } of items) {
      this.metrics.add('countersign_audit_entries_total', { kind: item.type });
      this.metrics.observe('countersign_audit_chained_seconds', Math.max(0, end - streamAt) / 1000);
    }
    for (const item of recorded) {
      const evaluation = evaluationOf(item);
      if (!this.tracer.sampled(evaluation)) continue;
      const attributes = { entry: item.kind, position: item.position, consumer: 'audit-dec' };
      this.tracer.record({ name: 'audit append', role: 'consumer', evaluation, start, end, attributes });
    }
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

function evaluationOf({ task, attempt, round }: Pick<TransitionItem, 'task' | 'attempt' | 'round'>): Evaluation {
  return { key: { org: task.org, agent: task.agent, task: task.id }, attempt, round };
}
