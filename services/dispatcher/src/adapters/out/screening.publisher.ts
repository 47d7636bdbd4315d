import { Injectable } from '@nestjs/common';
import type { AgentRef, ScreenItem } from '@countersign/contracts';
import { FrameWriter, itemNonce } from '@countersign/bus';
import { Clock, formatInstant, Random } from '@countersign/primitives';
import { Screening } from '../../application/ports.js';
import type { TaskRecord } from '../../domain/model.js';

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

  #itemOf({ key, attempt, round, result, connection, grant, grantId }: TaskRecord): ScreenItem | undefined {
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
      at: formatInstant(this.clock.now()),
    };
  }
}
