import { headers as createHeaders } from '@nats-io/transport-node';
import { z } from 'zod';
import { AgentRequestFailed } from './errors.js';
import { jsonOf, type Link } from './link.js';

/** The server's refusal of a further message under a subject that holds as many as it may. */
const ALREADY_THERE = 10077;
const ACK_TIMEOUT_MS = 3_000;
const TRIES = 4;

const pubAckSchema = z.union([
  z.object({ error: z.object({ err_code: z.number().optional(), description: z.string().optional() }) }),
  z.object({ stream: z.string(), seq: z.number().int().positive(), duplicate: z.boolean().optional() }),
]);

/** What became of a publication: stored now, or something stands under this subject already (perhaps the first try of this very message). */
export type Publication = 'stored' | 'already-there';

/**
 * Publishes into a stream and waits for its acknowledgement. A lost acknowledgement is repeated with the same bytes, which is safe because the
 * stream takes only one message a subject. Throws when nothing was stored as far as can be known.
 */
export async function publishStored(
  link: Link,
  subject: string,
  body: Uint8Array,
  traceparent?: string,
): Promise<Publication> {
  let cause: unknown;
  const options = { timeoutMs: ACK_TIMEOUT_MS, ...headersOf(traceparent) };
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    try {
      const ack = pubAckSchema.parse(jsonOf((await link.requests.request(subject, body, options)).data));
      // nobody sets a message id here, so a duplicate mark means that somebody else's did
      if ('stream' in ack && ack.duplicate !== true) return 'stored';
      if ('error' in ack && ack.error.err_code === ALREADY_THERE) return 'already-there';
      cause =
        'error' in ack
          ? new Error(ack.error.description ?? 'refused by the stream')
          : new Error('acknowledged as a duplicate');
    } catch (error) {
      cause = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** attempt));
  }
  throw AgentRequestFailed.of('TEMPORARILY_UNAVAILABLE', 'later', cause);
}

function headersOf(traceparent: string | undefined) {
  if (traceparent === undefined) return {};
  const headers = createHeaders();
  headers.set('traceparent', traceparent);
  return { headers };
}
