import { sha256, toBase64Url, utf8 } from '@countersign/primitives';
import {
  answerDataSchema,
  answerEnvelopeSchema,
  checkReplySchema,
  checkSubject,
  parseAs,
  peersReplySchema,
  peersSubject,
  PURPOSES,
  REASON_CODES,
  requestRefusalSchema,
  statusSubject,
  usageReportReplySchema,
  usageReportSubject,
  type AnswerData,
  type CheckReply,
  type PeersReply,
  type Signer,
  type UsageReport,
} from '@countersign/contracts';
import { checkReply, type SignatureCheck, type TrustBundle } from '@countersign/identity';
import { AgentRequestFailed } from './errors.js';
import { jsonOf, signatureOf, type Link } from './link.js';
import type { PreparedTask } from './task-input.js';

const REQUEST_TIMEOUT_MS = 5_000;
/** Six controls are asked, and once more when they differ about a price. */
const CHECK_TIMEOUT_MS = 8_000;

/** An agent may be years older than the dispatcher: a code that its catalogue does not have is as good as none, and state and message still tell the end. */
export const readableAnswerSchema = answerEnvelopeSchema.extend({
  data: answerDataSchema.extend({ code: answerDataSchema.shape.code.catch(undefined) }),
});

/** Checks a signature; by a key that is not known here, or has ended, once more when there are newer keys: those of services change while agents stay connected. */
async function checkedWithNewest(link: Link, check: (bundle: TrustBundle) => SignatureCheck): Promise<SignatureCheck> {
  const { bundle } = link.trust;
  const first = check(bundle);
  if (first.ok || !['unknown-key', 'key-not-valid'].includes(first.failure)) return first;
  return (await newerKeys(link, bundle)) ? check(link.trust.bundle) : first;
}

/** Whether there are newer keys than those of a bundle that did not do; they are taken then. */
export function newerKeys({ nc, credential, random, trust }: Link, { version }: TrustBundle): Promise<boolean> {
  return trust.renewed(version, async () => {
    const request = utf8(JSON.stringify({ nonce: toBase64Url(random.bytes(16)) }));
    const message = await nc.request(peersSubject(credential), request, { timeout: REQUEST_TIMEOUT_MS });
    return peersReplySchema.parse(jsonOf(message.data)).trustBundle;
  });
}

interface Question {
  readonly subject: string;
  readonly signers: readonly Signer[];
  readonly body?: Readonly<Record<string, unknown>>;
  readonly timeoutMs?: number;
}

async function ask(link: Link, { subject, signers, body = {}, timeoutMs }: Question): Promise<unknown> {
  const request = utf8(JSON.stringify({ nonce: toBase64Url(link.random.bytes(16)), ...body }));
  const timeout = timeoutMs ?? REQUEST_TIMEOUT_MS;
  const message = await link.nc.request(subject, request, { timeout }).catch((cause: unknown) => {
    throw AgentRequestFailed.of('TEMPORARILY_UNAVAILABLE', 'later', cause);
  });
  const checked = await checkedWithNewest(link, (bundle) =>
    checkReply(
      bundle,
      signatureOf(message),
      { subject, request, reply: message.data },
      { signers, at: link.clock.now() },
    ),
  );
  if (checked.ok) return unlessRefused(jsonOf(message.data));
  link.onUntrusted({ subject, failure: checked.failure });
  throw AgentRequestFailed.of('TEMPORARILY_UNAVAILABLE', 'later');
}

/** Whoever asks too much is refused in the same form whatever it asked. */
function unlessRefused(said: unknown): unknown {
  const refusal = requestRefusalSchema.safeParse(said);
  if (!refusal.success) return said;
  const { code, message, retryAfterMs } = refusal.data;
  throw new AgentRequestFailed(code, message, 'later', { retryAfterMs });
}

/** Whether a request was refused because this agent asks too much: to ask the next thing at once is no use. */
export function asksTooMuch(failure: unknown): boolean {
  return failure instanceof AgentRequestFailed && failure.code === 'INTAKE_LIMITED';
}

/** Own connections, and the newest trust bundle, which is kept when it verifies and is newer. */
export async function askPeers(link: Link): Promise<PeersReply> {
  const reply = peersReplySchema.parse(
    await ask(link, { subject: peersSubject(link.credential), signers: ['registry'] }),
  );
  link.trust.offer(reply.trustBundle);
  return reply;
}

/** State and answer of an own task, verified. */
export async function askStatus(link: Link, task: string): Promise<AnswerData> {
  const { org, agent } = link.credential;
  const question: Question = { subject: statusSubject({ org, agent, task }), signers: ['dispatcher'] };
  return readableAnswerSchema.parse(await ask(link, question)).data;
}

/** What a submission of these bytes would come to now, verified. */
export async function askCheck(link: Link, { id, body }: PreparedTask): Promise<CheckReply> {
  const question: Question = {
    subject: checkSubject(link.credential, id),
    signers: ['dispatcher'],
    body: { envelope: body.toString('base64') },
    timeoutMs: CHECK_TIMEOUT_MS,
  };
  return checkReplySchema.parse(await ask(link, question));
}

/** Reports what was used under a grant; a lost reply is repeated with the same report, which counts once. Throws when it was refused, or nobody answered. */
export async function tellUsage(link: Link, grant: string, report: Omit<UsageReport, 'nonce'>): Promise<void> {
  const question: Question = {
    subject: usageReportSubject(link.credential, grant),
    signers: ['dispatcher'],
    body: { ...report },
  };
  const first = await ask(link, question).catch((failure: unknown) => {
    if (asksTooMuch(failure)) throw failure;
    return ask(link, question);
  });
  const { ok, code = 'REQUEST_INVALID', message } = usageReportReplySchema.parse(first);
  if (ok) return;
  const retry = code === 'TEMPORARILY_UNAVAILABLE' ? 'later' : 'no';
  throw new AgentRequestFailed(code, message ?? REASON_CODES[code].message, retry);
}

/** Reads an answer that was sent; undefined when it does not verify or is no answer. */
export async function readAnswer(
  link: Link,
  message: Parameters<typeof signatureOf>[0] & { readonly subject: string; readonly data: Uint8Array },
): Promise<AnswerData | undefined> {
  const expected = {
    purpose: PURPOSES.answer,
    subject: message.subject,
    bodyHash: sha256(message.data),
    signers: ['dispatcher'],
    at: link.clock.now(),
  } as const;
  const checked = await checkedWithNewest(link, (bundle) => bundle.check(signatureOf(message), expected));
  if (!checked.ok) {
    link.onUntrusted({ subject: message.subject, failure: checked.failure });
    return undefined;
  }
  const parsed = parseAs(readableAnswerSchema, jsonOf(message.data));
  return parsed.success ? parsed.data.data : undefined;
}
