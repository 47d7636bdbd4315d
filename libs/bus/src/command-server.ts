import type { Msg } from '@nats-io/transport-node';
import { sha256, utf8 } from '@countersign/primitives';
import {
  commandEnvelopeSchema,
  type CommandEnvelope,
  type CommandReply,
  type CommandSpec,
} from '@countersign/contracts';
import { signReply, type SigningKey } from '@countersign/identity';
import {
  actorOf,
  refuseUnlessAllowed,
  refuseUnlessOwn,
  refuseUnlessTimely,
  senderOf,
  type CommandSender,
  type SenderParts,
} from './command-sender.js';
import { CommandRefused, DependencyUnavailable } from './errors.js';
import type { Freshness } from './freshness.js';
import type { IdempotencyStore } from './idempotency.js';
import { bufferOf, jsonOf, signatureOf } from './messages.js';
import type { CommandContext } from './patterns.js';
import { signedHeaders } from './publisher.js';
import type { BoundedAsking } from './request-rate.js';

/** A command with whatever carries it out. */
export interface ServedCommand {
  readonly command: CommandSpec;
  readonly handle: (body: unknown, context: CommandContext) => Promise<unknown>;
}

/** What answering commands needs. */
export interface CommandServerParts extends SenderParts {
  readonly key: SigningKey;
  readonly idempotency: IdempotencyStore | undefined;
  /** Read models that this service judges by. */
  readonly models?: readonly Freshness[];
  /** Bounds what each person asks; absent where no people are served. */
  readonly asking?: BoundedAsking;
  readonly onRefusedSignature: (subject: string, failure: string) => void;
  readonly onError: (error: unknown, subject: string) => void;
}

/** With its headers below what the bus takes in a message. */
const MAX_REPLY_BYTES = 1_000_000;

const refused = (error: CommandRefused): CommandReply => ({
  ok: false,
  problem: { code: error.code, message: error.message, ...(error.field === undefined ? {} : { field: error.field }) },
});

/** Answers one command: nothing is parsed before the signature verified, and no answer at all goes to whoever is not entitled. */
export async function answerCommand(
  parts: CommandServerParts,
  served: ServedCommand | undefined,
  message: Msg,
): Promise<void> {
  const request = bufferOf(message.data);
  const { subject } = message;
  const sender = senderOf(parts, signatureOf(message.headers), { subject, request });
  if ('failure' in sender) return parts.onRefusedSignature(subject, sender.failure);
  const asked = sender.kind === 'person' ? parts.asking?.ask(sender.person.kid) : undefined;
  if (asked?.kind === 'silence') return;
  const bytes = bytesOf(
    asked?.kind === 'refuse' ? tooMuch(asked.retryAfterMs) : await replyTo(parts, served, { request, sender, subject }),
  );
  message.respond(bytes, {
    headers: signedHeaders(signReply(parts.key, { subject: message.subject, request, reply: bytes })),
  });
}

/** An answer that the bus would not take says so: whoever asks would else wait for nothing. */
function bytesOf(reply: CommandReply): Buffer {
  const bytes = utf8(JSON.stringify(reply));
  if (bytes.length <= MAX_REPLY_BYTES) return bytes;
  const message = 'the answer is too large for one message; ask for less';
  return utf8(JSON.stringify(refused(new CommandRefused('PAYLOAD_TOO_LARGE', message))));
}

function tooMuch(retryAfterMs: number): CommandReply {
  const message = `too many commands in a short time; the next one is taken in ${retryAfterMs} ms`;
  return refused(new CommandRefused('INTAKE_LIMITED', message));
}

interface Received {
  readonly request: Buffer;
  readonly sender: CommandSender;
  readonly subject: string;
}

async function replyTo(
  parts: CommandServerParts,
  served: ServedCommand | undefined,
  received: Received,
): Promise<CommandReply> {
  try {
    if (served === undefined) throw new CommandRefused('NOT_FOUND', `there is no command ${received.subject}`);
    refuseUnlessAllowed(received.sender, served.command, parts.people);
    if (served.command.verb === 'dry-run') refuseWhileStale(parts.models ?? []);
    const envelope = commandEnvelopeSchema.safeParse(jsonOf(received.request));
    if (!envelope.success)
      throw new CommandRefused(
        'REQUEST_INVALID',
        envelope.error.issues[0]?.message ?? 'not a command',
        envelope.error.issues[0]?.path.join('.'),
      );
    return await carryOut(parts, served, { ...received, envelope: envelope.data });
  } catch (error) {
    if (error instanceof CommandRefused) return refused(error);
    parts.onError(error, received.subject);
    const why =
      error instanceof DependencyUnavailable
        ? error.message
        : 'the command could not be carried out; try again with the same idempotency key';
    return { ok: false, problem: { code: 'TEMPORARILY_UNAVAILABLE', message: why } };
  }
}

/** A submission is denied while a read model is stale: what it would come to is not told then, and whoever asks takes that for a denial. */
function refuseWhileStale(models: readonly Freshness[]): void {
  const stale = models.find((model) => !model.fresh());
  if (stale !== undefined)
    throw new CommandRefused('TEMPORARILY_UNAVAILABLE', `the read model ${stale.name} is not up to date`);
}

async function carryOut(
  parts: CommandServerParts,
  { command, handle }: ServedCommand,
  received: Received & { readonly envelope: CommandEnvelope },
): Promise<CommandReply> {
  const { envelope, sender } = received;
  refuseUnlessTimely(sender, envelope, parts.clock.now());
  const body = command.request.safeParse(envelope.body);
  if (!body.success) {
    const [issue] = body.error.issues;
    const keys = issue?.code === 'unrecognized_keys' ? issue.keys : [];
    throw new CommandRefused(
      'REQUEST_INVALID',
      issue?.message ?? 'not valid',
      [...(issue?.path ?? []), ...keys].join('.'),
    );
  }
  if (sender.kind === 'person') refuseUnlessOwn(sender, command, body.data);
  const context = contextOf(sender, envelope);
  const run = async (): Promise<CommandReply> => {
    try {
      return { ok: true, result: command.answer.parse(await handle(body.data, context)) };
    } catch (error) {
      if (error instanceof CommandRefused) return refused(error);
      throw error;
    }
  };
  if (parts.idempotency === undefined || !command.remembered) return run();
  const scope = {
    verb: `${command.service}.${command.verb}`,
    actor: `${context.actor.kind}:${context.actor.id}`,
    key: envelope.idempotencyKey,
    requestHash: sha256(JSON.stringify(envelope.body)).toString('hex'),
  };
  return parts.idempotency.once(scope, run);
}

function contextOf(sender: CommandSender, envelope: CommandEnvelope): CommandContext {
  const common = { actor: actorOf(sender, envelope), idempotencyKey: envelope.idempotencyKey };
  return sender.kind === 'person'
    ? { ...common, signer: 'person', person: sender.person }
    : { ...common, signer: sender.signer };
}
