import { Injectable } from '@nestjs/common';
import type { AgentRef, ScreenItem } from '@countersign/contracts';
import { FrameWriter, itemNonce } from '@countersign/bus';
import { Clock, formatInstant, Random } from '@countersign/primitives';
import { Screening } from '../../application/ports.js';
import type { TaskRecord } from '../../domain/model.js';
import { retriesUsed } from '../../domain/retry.js';

/** Messages of stream ING age out after an hour; a round is judged and claimed within seconds of being stored. */
const INPUT_HELD_MS = 58 * 60_000;

/** Asks guardrails by signed frames to screen results. */
@Injectable()
export class ScreeningPublisher extends Screening {
  constructor(
    private readonly writer: FrameWriter,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {
    super();
  }

  async request(records: readonly TaskRecord[]): Promise<void> {
    const items = records.flatMap((record) => this.#itemOf(record) ?? []);
    if (items.length > 0) await this.writer.write('scr', items);
  }

  #itemOf(record: TaskRecord): ScreenItem | undefined {
    const { key, attempt, round, result, connection, grant, grantId, task } = record;
    if (result === undefined || connection === undefined || grant === undefined || grantId === undefined)
      return undefined;
    const target: AgentRef = { org: connection.org, agent: connection.agent };
    return {
      type: 'screen',
      nonce: itemNonce(this.random),
      task: { org: key.org, agent: key.agent, id: key.task },
      attempt,
      round,
      seq: result.seq,
      digest: result.digest,
      connection: connection.id,
      target,
      grant: { jti: grantId, models: grant.models, tools: grant.tools },
      taskType: task.taskType,
      idempotent: task.idempotent === true,
      retriesUsed: retriesUsed(record),
      ...this.#inputOf(record),
      at: formatInstant(this.clock.now()),
    };
  }

  /** Where the judged bytes stand, while stream ING surely holds them: their round was stored shortly before the claim. */
  #inputOf({ seq, digest, claimedAt }: TaskRecord): Pick<ScreenItem, 'input'> {
    const held = claimedAt !== undefined && this.clock.now() - claimedAt < INPUT_HELD_MS;
    return held ? { input: { seq, digest } } : {};
  }
}
