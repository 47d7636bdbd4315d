import { headers as createHeaders, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import { NobodyListens, RequestTimeout } from '@countersign/primitives';
import { SIGNATURE_HEADERS } from '@countersign/contracts';
import type { Signature } from '@countersign/identity';
import { z } from 'zod';
import type { Bus } from './bus.js';
import { PublishRefused, PublishTimeout } from './errors.js';
import { jsonOf } from './messages.js';

/** Where a message stands. */
export interface PubAck {
  readonly stream: string;
  readonly seq: number;
}

const pubAckSchema = z.union([
  z.object({
    error: z.object({
      err_code: z.number().optional(),
      code: z.number().optional(),
      description: z.string().optional(),
    }),
  }),
  z.object({ stream: z.string(), seq: z.number().int().positive(), duplicate: z.boolean().optional() }),
]);

/** Headers of a signed message; `expectedLastSeq` makes the stream take it only when that is the last sequence of its subject. */
export function signedHeaders(signature: Signature, expectedLastSeq?: number): MsgHdrs {
  const out = createHeaders();
  out.set(SIGNATURE_HEADERS.kid, signature.kid);
  out.set(SIGNATURE_HEADERS.sig, signature.sig);
  if (expectedLastSeq !== undefined) out.set('Nats-Expected-Last-Subject-Sequence', String(expectedLastSeq));
  return out;
}

/**
 * Publishes into streams with a window of outstanding acknowledgements. A message whose acknowledgement is lost rejects with {@link PublishTimeout}; it may be stored
 * all the same.
 */
export class Publisher {
  readonly #waiting: (() => void)[] = [];
  #outstanding = 0;

  constructor(
    private readonly bus: Bus,
    private readonly options: { readonly window?: number; readonly timeoutMs?: number } = {},
  ) {}

  /** Publishes and waits for the stream's acknowledgement. An acknowledgement marked as a duplicate is an error: nobody sets message ids here. */
  async publish(subject: string, body: Uint8Array, headers?: MsgHdrs): Promise<PubAck> {
    while (this.#outstanding >= (this.options.window ?? 512)) await this.#settlement();
    this.#outstanding += 1;
    const options = { timeoutMs: this.options.timeoutMs ?? 5_000, ...(headers === undefined ? {} : { headers }) };
    try {
      return ackOf(subject, await this.bus.requests.request(subject, body, options));
    } catch (error) {
      if (error instanceof RequestTimeout) throw new PublishTimeout(subject);
      throw error instanceof NobodyListens ? new PublishRefused(subject, 503, 'no stream takes it') : error;
    } finally {
      this.#outstanding -= 1;
      for (const wake of this.#waiting.splice(0)) wake();
    }
  }

  /** Waits until nothing is outstanding any more. */
  async flush(): Promise<void> {
    while (this.#outstanding > 0) await this.#settlement();
  }

  #settlement(): Promise<void> {
    return new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

function ackOf(subject: string, { data }: Pick<Msg, 'data'>): PubAck {
  const ack = pubAckSchema.safeParse(jsonOf(data));
  if (!ack.success) throw new PublishRefused(subject, 0, 'the acknowledgement cannot be read');
  if ('error' in ack.data) {
    const { err_code: errCode = 0, description = 'no description' } = ack.data.error;
    throw new PublishRefused(subject, errCode, description);
  }
  if (ack.data.duplicate === true) throw new PublishRefused(subject, 0, 'it was taken for a duplicate');
  return { stream: ack.data.stream, seq: ack.data.seq };
}
