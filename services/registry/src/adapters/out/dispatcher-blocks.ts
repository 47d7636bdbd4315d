import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock, Random, Repeating, timeOfUuidV7, uuidV7 } from '@countersign/primitives';
import { COMMAND_KEY_MS, COMMANDS, type TaskKey } from '@countersign/contracts';
import { CommandClient } from '@countersign/bus';
import { Database } from '@countersign/store';
import { Logger } from '@countersign/telemetry';
import { Blocks, type BlockRequest, type Revocation } from '../../application/block.js';

const ANSWER_MS = 2_000;
const REPEAT_MS = 1_000;

interface PendingRow {
  readonly id: string;
  readonly body: BlockRequest;
}

/** Asks the dispatcher to block. A request stands in PostgreSQL before it is sent and goes when it is confirmed, so a crash in between repeats it. */
@Injectable()
export class DispatcherBlocks extends Blocks implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #repeating: Repeating;

  constructor(
    private readonly database: Database,
    private readonly commands: CommandClient,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly logger: Logger,
  ) {
    super();
    this.#repeating = new Repeating({
      everyMs: REPEAT_MS,
      work: (stopping) => this.#repeat(stopping),
      onError: (error) => logger.warn('pending blocks could not be read', { error }),
    });
  }

  async apply(requests: readonly BlockRequest[]): Promise<Revocation> {
    const rows = requests.map((body) => ({ id: uuidV7(this.clock.now(), this.random), body }));
    await this.database.installation(async (tx) => {
      for (const { id, body } of rows)
        await tx.query('insert into registry.pending_block (id, body) values ($1, $2)', [id, JSON.stringify(body)]);
    });
    const answers = await Promise.all(rows.map((row) => this.#send(row)));
    return { pending: answers.includes(undefined), handedOver: answers.flatMap((keys) => keys ?? []) };
  }

  onApplicationBootstrap(): void {
    this.#repeating.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#repeating.stop();
  }

  async #send({ id, body }: PendingRow): Promise<TaskKey[] | undefined> {
    try {
      const { handedOver } = await this.commands.call(COMMANDS.dispatcher.block, body, {
        timeoutMs: ANSWER_MS,
        ...this.#keyOf(id),
      });
      await this.database.installation((tx) => tx.query('delete from registry.pending_block where id = $1', [id]));
      return handedOver;
    } catch (error) {
      this.logger.warn('the dispatcher has not confirmed a block yet', { error });
      return undefined;
    }
  }

  /** A block goes out under its own id; one that waits until that is too old goes on under new keys: the dispatcher knows it by its epoch, and no revocation is refused for its age. */
  #keyOf(id: string): { readonly idempotencyKey?: string } {
    return this.clock.now() - timeOfUuidV7(id) < COMMAND_KEY_MS.program / 2 ? { idempotencyKey: id } : {};
  }

  async #repeat(stopping: AbortSignal): Promise<void> {
    const rows = await this.database.installation((tx) =>
      tx.last<PendingRow>(
        `select id, body from registry.pending_block where created < clock_timestamp() - interval '3 seconds' order by id limit 50`,
      ),
    );
    for (const row of rows) if (!stopping.aborted) await this.#send(row);
  }
}
