import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { parseMicros, Repeating } from '@countersign/primitives';
import { COMMANDS, isTerminal, type TaskRow } from '@countersign/contracts';
import { CommandClient } from '@countersign/bus';
import { Logger } from '@countersign/telemetry';
import { LedgerStore, type ExpiredHold } from '../out/ledger.store.js';

const EVERY_MS = 30_000;
const BATCH = 100;
/** A task that the dispatcher has no row of is gone from the log an hour after it was submitted. */
const GONE_AFTER_MS = 3_600_000;

/** Ends holds whose task has ended without telling: released when nothing was handed over, settled when it was, in full where no charge is known; left alone when the dispatcher does not answer. */
@Injectable()
export class SweepExpiredHolds implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #sweeping: Repeating;

  constructor(
    private readonly ledger: LedgerStore,
    private readonly commands: CommandClient,
    logger: Logger,
  ) {
    this.#sweeping = new Repeating({
      everyMs: EVERY_MS,
      work: async (stopping) => void (await Promise.all([this.sweep(stopping), this.settlePending()])),
      onError: (error) => logger.warn('expired holds could not be swept', { error }),
    });
  }

  onApplicationBootstrap(): void {
    this.#sweeping.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#sweeping.stop();
  }

  /** Books the charges that came before their hold was known. */
  async settlePending(): Promise<void> {
    for (const pending of await this.ledger.duePending(BATCH)) {
      const { key, attempt, micros } = pending;
      await this.ledger.run({ attempts: [pending], accounts: [] }, (ledger) => ledger.correct(key, attempt, micros));
      await this.ledger.forgetPending(pending);
    }
  }

  /** One pass over all of them: many that wait for a person, and stay, keep nobody behind them from ending. */
  async sweep(stopping?: AbortSignal): Promise<void> {
    let last: ExpiredHold | undefined;
    do {
      const page = await this.ledger.expired(BATCH, last);
      if (page.length > 0) await this.#endAll(page);
      last = page.length < BATCH || stopping?.aborted === true ? undefined : page.at(-1);
    } while (last !== undefined);
  }

  async #endAll(expired: readonly ExpiredHold[]): Promise<void> {
    const { rows } = await this.commands.call(COMMANDS.dispatcher.tasks, {
      tasks: expired.map(({ key, attempt }) => ({ task: key, attempt })),
    });
    for (const hold of expired)
      await this.#end(
        hold,
        rows.find(
          (row) =>
            row.task.org === hold.key.org &&
            row.task.agent === hold.key.agent &&
            row.task.task === hold.key.task &&
            row.attempt === hold.attempt,
        ),
      );
  }

  async #end(hold: ExpiredHold, row: TaskRow | undefined): Promise<void> {
    if (row === undefined ? hold.overdueMs < GONE_AFTER_MS : !isTerminal(row.state)) return;
    const charged = row?.chargedMicros === undefined ? undefined : parseMicros(row.chargedMicros);
    const settle = row?.claim === 'CLAIMED' ? (charged ?? hold.amount) : undefined;
    await this.ledger.run({ attempts: [hold], accounts: [] }, (ledger) =>
      ledger.finish(hold.key, hold.attempt, settle, charged === undefined ? 'ASSUMED' : 'REPORTED'),
    );
  }
}
