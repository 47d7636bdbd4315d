import type { Msg } from '@nats-io/transport-node';
import { sha256, toBase64Url, utf8, uuidV7, type Clock, type Random } from '@countersign/primitives';
import {
  COMMANDS,
  commandReplySchema,
  commandSubject,
  PURPOSES,
  type Actor,
  type AnswerOf,
  type CommandSpec,
  type RequestOf,
} from '@countersign/contracts';
import { checkReply, TrustBundle, type SigningKey } from '@countersign/identity';
import type { Bus } from './bus.js';
import { CommandFailed, CommandTimeout } from './errors.js';
import { bufferOf, jsonOf, signatureOf } from './messages.js';
import { isForbidden, isNoResponders } from './request-failures.js';
import { signedHeaders } from './publisher.js';

/** How a command is sent. */
export interface CallOptions {
  readonly timeoutMs?: number;
  /** A UUIDv7; the same key again is the same command. Made here when absent. */
  readonly idempotencyKey?: string;
}

/** Sends signed commands and believes only answers that the asked service signed over this very request. */
export class CommandClient {
  constructor(
    private readonly parts: {
      readonly bus: Pick<Bus, 'nc'>;
      readonly key: SigningKey;
      readonly bundle: TrustBundle;
      readonly clock: Clock;
      readonly random: Random;
      readonly actor: Actor;
    },
  ) {}

  /** Sends a command; throws {@link CommandFailed} when it was refused, {@link CommandTimeout} when nobody answered. */
  async call<C extends CommandSpec>(spec: C, body: RequestOf<C>, options: CallOptions = {}): Promise<AnswerOf<C>> {
    const { bundle, clock } = this.parts;
    const { subject, request, message } = await this.#ask(spec, body, options);
    const checked = checkReply(
      bundle,
      signatureOf(message.headers),
      { subject, request, reply: bufferOf(message.data) },
      { signers: [spec.service], at: clock.now() },
    );
    if (!checked.ok)
      throw new CommandTimeout(subject, `an answer came that ${spec.service} did not sign (${checked.failure})`);
    return answerOf(spec, subject, message);
  }

  /**
   * The newest trust bundle of the installation. It counts by the installation key's own signature, whoever brought it: the keys known here may be too old to check the reply. One that is older
   * than what is known here is refused.
   */
  async newestBundle(org: string, installationKey: string): Promise<TrustBundle> {
    const { subject, message } = await this.#ask(COMMANDS.registry.bundleShow, { org }, {});
    const { trustBundle } = answerOf(COMMANDS.registry.bundleShow, subject, message);
    const newest = TrustBundle.open(trustBundle, installationKey);
    if (newest.version >= this.parts.bundle.version) return newest;
    throw new CommandTimeout(subject, 'a trust bundle came that is older than the one known here');
  }

  async #ask<C extends CommandSpec>(
    spec: C,
    body: RequestOf<C>,
    options: CallOptions,
  ): Promise<{ readonly subject: string; readonly request: Buffer; readonly message: Msg }> {
    const { bus, key, clock, random, actor } = this.parts;
    const subject = commandSubject(spec.service, spec.verb);
    const idempotencyKey = options.idempotencyKey ?? uuidV7(clock.now(), random);
    const request = utf8(JSON.stringify({ nonce: toBase64Url(random.bytes(16)), actor, idempotencyKey, body }));
    const headers = signedHeaders(key.sign(PURPOSES.admin, subject, sha256(request)));
    const message = await bus.nc
      .request(subject, request, { timeout: options.timeoutMs ?? 10_000, headers })
      .catch((error: unknown) => {
        if (isForbidden(error)) throw notForPeople(spec, subject);
        throw new CommandTimeout(
          subject,
          isNoResponders(error) ? `${spec.service} is not there` : `${spec.service} did not answer`,
        );
      });
    return { subject, request, message };
  }
}

/** The server lets through only what people may send at all; whether this person may is told by the service. */
function notForPeople({ service, verb }: CommandSpec, subject: string): CommandFailed {
  const message = `${service}.${verb} is for the operator of the installation`;
  return new CommandFailed(subject, { code: 'PERMISSION_DENIED', message });
}

function answerOf<C extends CommandSpec>(spec: C, subject: string, message: Msg): AnswerOf<C> {
  const reply = commandReplySchema.parse(jsonOf(message.data));
  if (!reply.ok) throw new CommandFailed(subject, reply.problem);
  return spec.answer.parse(reply.result) as AnswerOf<C>;
}
