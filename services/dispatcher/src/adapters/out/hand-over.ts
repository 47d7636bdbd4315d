import { Injectable } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import { taskDigest, TIMERS } from '@countersign/contracts';
import { Bus, handOver, type HandOverOutcome } from '@countersign/bus';
import { issueGrant, SigningKey } from '@countersign/identity';
import { Logger, Metrics, Tracer } from '@countersign/telemetry';
import { Targets } from '../../application/ports.js';
import { grantClaims } from '../../domain/grant-claims.js';
import type { TaskRecord } from '../../domain/model.js';
import { StoredBytes } from './stored-bytes.js';

/** Hands claimed tasks to their targets. */
@Injectable()
export class HandOver extends Targets {
  constructor(
    private readonly bus: Bus,
    private readonly bytes: StoredBytes,
    private readonly key: SigningKey,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly tracer: Tracer,
    private readonly metrics: Metrics,
  ) {
    super();
  }

  /** Hands over once, with a fresh grant over exactly these bytes; `known` are the task's bytes where they are at hand. Answers false when it is certain that nothing was delivered. */
  async deliver(record: TaskRecord, known: Buffer | undefined): Promise<boolean> {
    const claims = grantClaims(record);
    const body = await this.#body(record, known);
    if (claims === undefined || body === undefined) {
      this.logger.error('a claimed task could not be handed over', { task: record.key, attempt: record.attempt });
      return false;
    }
    const token = issueGrant(this.key, claims);
    // a claim that is older than this may have been handed over by whoever made it: it counts as dispatched
    if (this.clock.now() - (record.claimedAt ?? 0) > TIMERS.handOver) return true;
    const start = this.clock.now();
    const outcome = await handOver(this.bus, { org: claims.targetOrg, agent: claims.aud }, body, token);
    this.#observe(record, { target: claims.aud, outcome, start });
    if (outcome === 'unknown')
      this.logger.warn('a target did not answer a hand-over; it counts as dispatched', {
        task: record.key,
        agent: claims.aud,
      });
    return outcome !== 'not-delivered';
  }

  #observe(
    record: TaskRecord,
    { target, outcome, start }: { readonly target: string; readonly outcome: HandOverOutcome; readonly start: number },
  ): void {
    this.metrics.add('countersign_hand_overs_total', { outcome });
    if (!this.tracer.sampled(record)) return;
    this.tracer.record({
      name: 'deliver',
      role: 'client',
      evaluation: record,
      start,
      end: this.clock.now(),
      attributes: { target, outcome, system: 'nats', operationType: 'send', destination: 'dlv.{org}.{agent}' },
    });
  }

  /** The bytes that this very release is about, or nothing: those of another round or attempt do not hash to its digest. */
  async #body(record: TaskRecord, known: Buffer | undefined): Promise<Buffer | undefined> {
    if (record.transformed === true) return this.bytes.transformedInput(record);
    const body = known ?? (await this.bytes.loggedInput(record));
    return body !== undefined && taskDigest(record.key, body) === record.deliverDigest ? body : undefined;
  }
}
