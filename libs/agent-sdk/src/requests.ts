import { sha256, toBase64Url, utf8 } from '@countersign/primitives';
import {
  answerEnvelopeSchema,
  peersReplySchema,
  peersSubject,
  PURPOSES,
  statusSubject,
  type AnswerData,
  type PeersReply,
  type Signer,
} from '@countersign/contracts';
import { checkReply } from '@countersign/identity';
import { AgentRequestFailed } from './errors.js';
import { jsonOf, signatureOf, type Link } from './link.js';

const REQUEST_TIMEOUT_MS = 5_000;

async function ask(link: Link, subject: string, signers: readonly Signer[]): Promise<unknown> {
  const request = utf8(JSON.stringify({ nonce: toBase64Url(link.random.bytes(16)) }));
  const message = await link.nc.request(subject, request, { timeout: REQUEST_TIMEOUT_MS }).catch((cause: unknown) => {
    throw AgentRequestFailed.of('TEMPORARILY_UNAVAILABLE', 'later', cause);
  });
  const checked = checkReply(
    link.trust.bundle,
    signatureOf(message),
    { subject, request, reply: message.data },
    { signers, at: link.clock.now() },
  );
  if (checked.ok) return jsonOf(message.data);
  link.onUntrusted({ subject, failure: checked.failure });
  throw AgentRequestFailed.of('TEMPORARILY_UNAVAILABLE', 'later');
}

/** Own connections, and the newest trust bundle, which is kept when it verifies and is newer. */
export async function askPeers(link: Link): Promise<PeersReply> {
  const reply = peersReplySchema.parse(await ask(link, peersSubject(link.credential), ['registry']));
  link.trust.offer(reply.trustBundle);
  return reply;
}

/** State and answer of an own task, verified. */
export async function askStatus(link: Link, task: string): Promise<AnswerData> {
  const { org, agent } = link.credential;
  return answerEnvelopeSchema.parse(await ask(link, statusSubject({ org, agent, task }), ['dispatcher'])).data;
}

/** Reads an answer that was sent; undefined when it does not verify or is no answer. */
export function readAnswer(
  link: Link,
  message: Parameters<typeof signatureOf>[0] & { readonly subject: string; readonly data: Uint8Array },
): AnswerData | undefined {
  const expected = {
    purpose: PURPOSES.answer,
    subject: message.subject,
    bodyHash: sha256(message.data),
    signers: ['dispatcher'],
    at: link.clock.now(),
  } as const;
  const checked = link.trust.bundle.check(signatureOf(message), expected);
  if (!checked.ok) {
    link.onUntrusted({ subject: message.subject, failure: checked.failure });
    return undefined;
  }
  const parsed = answerEnvelopeSchema.safeParse(jsonOf(message.data));
  return parsed.success ? parsed.data.data : undefined;
}
