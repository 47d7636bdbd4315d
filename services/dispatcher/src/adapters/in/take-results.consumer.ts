import { Controller } from '@nestjs/common';
import { resultDigest, resultEnvelopeSchema, type ResultData } from '@countersign/contracts';
import { jsonOf, OnResults, type ResultMessage } from '@countersign/bus';
import { Logger } from '@countersign/telemetry';
import { z } from 'zod';
import { Charges } from '../../application/charges.js';
import { Dispatch } from '../../application/dispatch.js';
import { TaskObservation } from '../../application/task-observation.js';
import type { TaskRecord } from '../../domain/model.js';
import type { Addressed } from '../../application/ports.js';
import { TaskStore } from '../out/task.store.js';

/** Takes results of targets. A result counts under the grant of a claim, from the agent that the claim named, for the attempt that it names. */
@Controller()
export class TakeResults {
  constructor(
    private readonly store: TaskStore,
    private readonly dispatch: Dispatch,
    private readonly charges: Charges,
    private readonly observation: TaskObservation,
    private readonly logger: Logger,
  ) {}

  @OnResults()
  async take(results: readonly ResultMessage[]): Promise<void> {
    const rows = await this.store.ofGrants(results.map((result) => result.grant));
    const byGrant = new Map(rows.map((record) => [record.grantId, record]));
    const events = results.flatMap((result) => this.#event(result, byGrant.get(result.grant)) ?? []);
    // of several results under one grant the first stands
    const first = new Map(
      [...events]
        .reverse()
        .map((event) => [`${event.key.org}/${event.key.agent}/${event.key.task}/${event.attempt}`, event]),
    );
    const changed = await this.dispatch.apply([...first.values()]);
    this.observation.resulted(changed, new Map(results.map(({ seq, streamAt }) => [seq, streamAt])));
  }

  #event(result: ResultMessage, record: TaskRecord | undefined): Addressed | undefined {
    if (
      record?.connection === undefined ||
      record.connection.org !== result.org ||
      record.connection.agent !== result.agent
    ) {
      this.logger.warn('a result without a claim of its agent', {
        org: result.org,
        agent: result.agent,
        seq: result.seq,
      });
      return undefined;
    }
    if (!namesItsGrant(result)) {
      this.logger.alert('INVALID_FRAME', { subject: result.subject, seq: result.seq });
      return undefined;
    }
    const data = readResult(result, record);
    const digest = resultDigest(record.connection, result.grant, result.body);
    return {
      key: record.key,
      attempt: record.attempt,
      bodies: { out: result.body },
      event: {
        type: 'result',
        failed: data?.status !== 'completed',
        seq: result.seq,
        digest,
        usage: data?.usage ?? [],
        tools: data?.tools ?? [],
      },
      charge: (row, cost) => this.charges.of(row, cost),
    };
  }
}

const claimingSchema = z.object({
  type: z.literal('dev.countersign.result.v1'),
  data: z.object({ grant: z.string() }),
});

/** Bytes that do not even say that they are the result under this grant are nobody's report: they end nothing, and the target's own may still come. */
function namesItsGrant({ body, grant }: ResultMessage): boolean {
  const claiming = claimingSchema.safeParse(jsonOf(body));
  return claiming.success && claiming.data.data.grant === grant;
}

/** The data of a result; undefined for what is no result of this attempt, which counts as a failure. */
function readResult({ body, grant }: ResultMessage, { key, attempt }: TaskRecord): ResultData | undefined {
  const parsed = resultEnvelopeSchema.safeParse(jsonOf(body));
  if (!parsed.success) return undefined;
  const { id, data } = parsed.data;
  return id === key.task && data.attempt === attempt && data.grant === grant ? data : undefined;
}
