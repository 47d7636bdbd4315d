import { Controller } from '@nestjs/common';
import { parseMicros, type Micros } from '@countersign/primitives';
import type { FinishedItem, TaskKey, TransitionItem } from '@countersign/contracts';
import { OnTransitions, type ReceivedItem } from '@countersign/bus';
import { Logger } from '@countersign/telemetry';
import type { Ledger } from '../../domain/ledger.js';
import { LedgerStore } from '../out/ledger.store.js';

interface Ending {
  readonly item: FinishedItem;
  readonly key: TaskKey;
  readonly attempts: readonly number[];
}

/** States that a result led to: what it was not charged is assumed at once, because no further report comes. */
const WITH_RESULT: readonly FinishedItem['state'][] = ['COMPLETED', 'FAILED', 'QUARANTINED'];

/** Settles or releases when a task has ended; acknowledging the message is the acknowledgement of it. */
@Controller()
export class SettleWhenTasksFinish {
  constructor(
    private readonly ledger: LedgerStore,
    private readonly logger: Logger,
  ) {}

  @OnTransitions()
  async settle(items: readonly ReceivedItem<TransitionItem>[]): Promise<void> {
    const finished = items.flatMap(({ item }) => (item.type === 'finished' ? [item] : []));
    if (finished.length === 0) return;
    const keys = finished.map(keyOf);
    const held = await this.ledger.heldAttempts(keys);
    const endings = finished.map((item, i): Ending => {
      const key = keys[i] ?? keyOf(item);
      const others = held
        .filter((h) => h.key.org === key.org && h.key.agent === key.agent && h.key.task === key.task)
        .map((h) => h.attempt);
      return { item, key, attempts: [...new Set([...others, item.attempt])] };
    });
    const amounts = new Map(held.map((h) => [`${h.key.org}/${h.key.agent}/${h.key.task}/${h.attempt}`, h.amount]));
    const scope = {
      attempts: endings.flatMap(({ key, attempts }) => attempts.map((attempt) => ({ key, attempt }))),
      accounts: [],
    };
    await this.ledger.run(scope, (ledger) => endings.forEach((ending) => this.#end(ledger, ending, amounts)));
  }

  #end(ledger: Ledger, { item, key, attempts }: Ending, amounts: ReadonlyMap<string, Micros>): void {
    for (const attempt of attempts) {
      if (attempt !== item.attempt || !item.claimed) ledger.finish(key, attempt, undefined, 'REPORTED');
      else {
        const settle = amountOf(item, amounts.get(`${key.org}/${key.agent}/${key.task}/${attempt}`));
        if (settle === undefined) continue;
        // a claim implies a hold; where there is none the money of this attempt is closed already
        if (ledger.finish(key, attempt, settle.micros, settle.source) === 'RETRY')
          this.logger.warn('a charge for an attempt that holds nothing', { task: key, attempt });
      }
    }
  }
}

/** What a handed-over attempt is settled at; undefined leaves it to the sweeper, because a late report may still come. */
function amountOf(
  item: FinishedItem,
  held: Micros | undefined,
): { readonly micros: Micros; readonly source: 'REPORTED' | 'ASSUMED' } | undefined {
  if (item.chargedMicros !== undefined) return { micros: parseMicros(item.chargedMicros), source: 'REPORTED' };
  return WITH_RESULT.includes(item.state) && held !== undefined ? { micros: held, source: 'ASSUMED' } : undefined;
}

function keyOf({ task }: FinishedItem): TaskKey {
  return { org: task.org, agent: task.agent, task: task.id };
}
