import { Controller } from '@nestjs/common';
import { Clock, parseMicros, type Micros } from '@countersign/primitives';
import type { CorrectedItem, FinishedItem, TaskKey, TransitionItem } from '@countersign/contracts';
import { OnTransitions, type ReceivedItem } from '@countersign/bus';
import { Logger, Tracer } from '@countersign/telemetry';
import type { FinishOutcome, Ledger } from '../../domain/ledger.js';
import type { Source } from '../../domain/model.js';
import { LedgerStore } from '../out/ledger.store.js';

/** One attempt and what its end or its late cost does to the ledger. */
interface Ending {
  readonly key: TaskKey;
  readonly attempt: number;
  /** What became of it; undefined where nothing is done yet. */
  readonly apply: (ledger: Ledger) => FinishOutcome | undefined;
}

/** States that a result led to: what it was not charged is assumed at once, because no further report comes. */
const WITH_RESULT: readonly FinishedItem['state'][] = ['COMPLETED', 'FAILED', 'QUARANTINED'];

/** Settles or releases when a task has ended, and corrects what was told later; acknowledging the message is the acknowledgement of it. */
@Controller()
export class SettleWhenTasksFinish {
  constructor(
    private readonly ledger: LedgerStore,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly tracer: Tracer,
  ) {}

  @OnTransitions('finished', 'corrected')
  async settle(items: readonly ReceivedItem<TransitionItem>[]): Promise<void> {
    const start = this.clock.now();
    const finished = items.flatMap(({ item }) => (item.type === 'finished' ? [item] : []));
    const endings = items.flatMap(({ item }): readonly Ending[] => {
      if (item.type === 'corrected') return [correctionOf(item)];
      return item.type === 'finished' ? [endingOf(item)] : [];
    });
    if (endings.length === 0) return;
    await this.ledger.run({ attempts: endings, accounts: [] }, (ledger) => {
      for (const ending of endings) this.#apply(ledger, ending);
    });
    for (const item of finished) this.#trace(item, start);
  }

  #trace(item: FinishedItem, start: number): void {
    const { attempt, round, state, chargedMicros } = item;
    const evaluation = { key: keyOf(item), attempt, round };
    if (!this.tracer.sampled(evaluation)) return;
    const attributes = { state, chargedMicros, consumer: 'budget-dec', operationType: 'process', system: 'nats' };
    this.tracer.record({ name: 'settle', role: 'consumer', evaluation, start, end: this.clock.now(), attributes });
  }

  /** A claim implies a hold. A charge for what holds nothing is kept, and repeated when the hold comes. */
  #apply(ledger: Ledger, { key, attempt, apply }: Ending): void {
    if (apply(ledger) === 'RETRY')
      this.logger.warn('a charge for an attempt that holds nothing is kept until it does', { task: key, attempt });
  }
}

/**
 * The end of the attempt that was judged last. One before it was replaced, after it was handed over or known not to be: that cannot be seen here, so what it still
 * holds is left to the round that replaces it, or to the sweeper, who asks what became of it. Released here, an execution would cost nothing.
 */
function endingOf(item: FinishedItem): Ending {
  const { attempt, claimed } = item;
  const key = keyOf(item);
  if (!claimed) return { key, attempt, apply: (ledger) => ledger.finish(key, attempt, undefined, 'REPORTED') };
  const apply = (ledger: Ledger): FinishOutcome | undefined => {
    const settle = amountOf(item, ledger.heldBy(key, attempt));
    return settle && ledger.finish(key, attempt, settle.micros, settle.source);
  };
  return { key, attempt, apply };
}

function correctionOf(item: CorrectedItem): Ending {
  const key = keyOf(item);
  const charged = parseMicros(item.chargedMicros);
  return { key, attempt: item.attempt, apply: (ledger) => ledger.correct(key, item.attempt, charged) };
}

/** What a handed-over attempt is settled at; undefined leaves it to the sweeper, because a late report may still come. */
function amountOf(
  item: FinishedItem,
  held: Micros | undefined,
): { readonly micros: Micros; readonly source: Source } | undefined {
  if (item.chargedMicros !== undefined) return { micros: parseMicros(item.chargedMicros), source: 'REPORTED' };
  return WITH_RESULT.includes(item.state) && held !== undefined ? { micros: held, source: 'ASSUMED' } : undefined;
}

function keyOf({ task }: FinishedItem | CorrectedItem): TaskKey {
  return { org: task.org, agent: task.agent, task: task.id };
}
