import { Injectable } from '@nestjs/common';
import { Clock, formatInstant, sha256 } from '@countersign/primitives';
import { encodeRound, PURPOSES, roundSubject } from '@countersign/contracts';
import { Publisher, PublishRefused, signedHeaders } from '@countersign/bus';
import { SigningKey } from '@countersign/identity';
import { Logger } from '@countersign/telemetry';
import { LaterRounds } from '../../application/ports.js';
import type { TaskRecord } from '../../domain/model.js';
import { TaskStore } from './task.store.js';

const ALREADY_THERE = 10077;

/** Publishes later rounds: the original bytes, frozen money and what people approved, signed. Write-once a subject, so publishing again is harmless. */
@Injectable()
export class Rounds extends LaterRounds {
  constructor(
    private readonly publisher: Publisher,
    private readonly key: SigningKey,
    private readonly clock: Clock,
    private readonly store: TaskStore,
    private readonly logger: Logger,
  ) {
    super();
  }

  /** Publishes the round that a row in EVALUATING waits for. `known` are the task's bytes where they are at hand. */
  async publish(record: TaskRecord, known?: Buffer): Promise<void> {
    const body = known ?? (await this.store.body(record, 'in'));
    if (body === undefined || record.connection === undefined) {
      this.logger.error('a round has no body to be judged', {
        task: record.key,
        attempt: record.attempt,
        round: record.round,
      });
      return;
    }
    const subject = roundSubject(record.key, record.attempt, record.round);
    const { estimateMicros, priceBookVersion } = record.facts;
    const line = {
      v: 1 as const,
      task: record.key.task,
      attempt: record.attempt,
      round: record.round,
      digest: record.digest,
      connection: record.connection.id,
      covered: record.covered.map(({ service, code, id }) => ({ service, code, ...(id === undefined ? {} : { id }) })),
      at: formatInstant(this.clock.now()),
      ...(estimateMicros === undefined ? {} : { estimateMicros }),
      ...(priceBookVersion === undefined ? {} : { priceBookVersion }),
      ...(record.retry === undefined ? {} : { retry: record.retry }),
      ...(record.replaces === undefined || record.round > 1 ? {} : { replaces: record.replaces }),
    };
    const message = encodeRound(line, body);
    await this.publisher
      .publish(subject, message, signedHeaders(this.key.sign(PURPOSES.round, subject, sha256(message))))
      .catch((error: unknown) => {
        if (!(error instanceof PublishRefused) || error.errCode !== ALREADY_THERE) throw error;
      });
  }
}
