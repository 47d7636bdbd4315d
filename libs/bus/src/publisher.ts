import { headers as createHeaders, nuid, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import { SIGNATURE_HEADERS } from '@countersign/contracts';
import type { Signature } from '@countersign/identity';
import { z } from 'zod';
import { inboxPrefixOf, type Bus } from './bus.js';
import { PublishRefused, PublishTimeout } from './errors.js';
import { jsonOf } from './messages.js';

const SWEEP_MS = 250;

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

interface Pending {
  readonly subject: string;
  readonly until: number;
  readonly resolve: (ack: PubAck) => void;
  readonly reject: (error: Error) => void;
}

/** Headers of a signed message; `expectedLastSeq` makes the stream take it only when that is the last sequence of its subject. */
export function signedHeaders(signature: Signature, expectedLastSeq?: number): MsgHdrs {
  const out = createHeaders();
  out.set(SIGNATURE_HEADERS.kid, signature.kid);
  out.set(SIGNATURE_HEADERS.sig, signature.sig);
  if (expectedLastSeq !== undefined) out.set('Nats-Expected-Last-Subject-Sequence', String(expectedLastSeq));
  return out;
}

/**
 * Publishes into streams with a window of outstanding acknowledgements: one inbox and one sweep for all of them, because a timer and an inbox per
 * message cost more than the message. A message whose acknowledgement is lost rejects with {@link PublishTimeout}; it may be stored all the same.
 */
export class Publisher {
  readonly #pending = new Map<string, Pending>();
  readonly #waiting: (() => void)[] = [];
  readonly #inbox: string;
  #counter = 0;
  #sweep: NodeJS.Timeout | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly options: { readonly window?: number; readonly timeoutMs?: number } = {},
  ) {
    this.#inbox = `${inboxPrefixOf(bus.service)}.${nuid.next()}`;
    bus.nc.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => (error === null ? this.#settle(message) : undefined),
    });
  }

  /** Publishes and waits for the stream's acknowledgement. An acknowledgement marked as a duplicate is an error: nobody sets message ids here. */
  async publish(subject: string, body: Uint8Array, headers?: MsgHdrs): Promise<PubAck> {
    while (this.#pending.size >= (this.options.window ?? 512))
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#counter += 1;
    const token = this.#counter.toString(36);
    return new Promise<PubAck>((resolve, reject) => {
      this.#pending.set(token, {
        subject,
        until: performance.now() + (this.options.timeoutMs ?? 5_000),
        resolve,
        reject,
      });
      this.#sweep ??= setInterval(() => this.#expire(), SWEEP_MS).unref();
      this.#send(token, () =>
        this.bus.nc.publish(subject, body, {
          reply: `${this.#inbox}.${token}`,
          ...(headers === undefined ? {} : { headers }),
        }),
      );
    });
  }

  /** Waits until nothing is outstanding any more. */
  async flush(): Promise<void> {
    while (this.#pending.size > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #send(token: string, send: () => void): void {
    try {
      send();
    } catch (error) {
      this.#take(token)?.reject(error instanceof Error ? error : new Error('not sent'));
    }
  }

  #settle(message: Msg): void {
    const pending = this.#take(message.subject.slice(this.#inbox.length + 1));
    if (pending === undefined) return;
    if (message.headers?.code === 503)
      return pending.reject(new PublishRefused(pending.subject, 503, 'no stream takes it'));
    const ack = pubAckSchema.safeParse(jsonOf(message.data));
    if (!ack.success)
      return pending.reject(new PublishRefused(pending.subject, 0, 'the acknowledgement cannot be read'));
    if ('error' in ack.data)
      return pending.reject(
        new PublishRefused(
          pending.subject,
          ack.data.error.err_code ?? 0,
          ack.data.error.description ?? 'no description',
        ),
      );
    if (ack.data.duplicate === true)
      return pending.reject(new PublishRefused(pending.subject, 0, 'it was taken for a duplicate'));
    pending.resolve({ stream: ack.data.stream, seq: ack.data.seq });
  }

  #take(token: string): Pending | undefined {
    const pending = this.#pending.get(token);
    this.#pending.delete(token);
    for (const wake of this.#waiting.splice(0)) wake();
    return pending;
  }

  #expire(): void {
    const now = performance.now();
    for (const [token, pending] of this.#pending)
      if (pending.until <= now) this.#take(token)?.reject(new PublishTimeout(pending.subject));
    if (this.#pending.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }
}
