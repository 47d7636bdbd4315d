import { sha256, toBase64Url, utf8, uuidV7, type Clock, type Random } from '@countersign/primitives';
import {
  commandReplySchema,
  commandSubject,
  PURPOSES,
  type Actor,
  type AnswerOf,
  type CommandSpec,
  type RequestOf,
} from '@countersign/contracts';
import { checkReply, type SigningKey, type TrustBundle } from '@countersign/identity';
import type { Bus } from './bus.js';
import { CommandFailed, CommandTimeout } from './errors.js';
import { bufferOf, jsonOf, signatureOf } from './messages.js';
import { isNoResponders } from './no-responders.js';
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
    const { bus, key, bundle, clock, random, actor } = this.parts;
    const subject = commandSubject(spec.service, spec.verb);
    const idempotencyKey = options.idempotencyKey ?? uuidV7(clock.now(), random);
    const request = utf8(JSON.stringify({ nonce: toBase64Url(random.bytes(16)), actor, idempotencyKey, body }));
    const headers = signedHeaders(key.sign(PURPOSES.admin, subject, sha256(request)));
    const message = await bus.nc
      .request(subject, request, { timeout: options.timeoutMs ?? 10_000, headers })
      .catch((error: unknown) => {
        throw new CommandTimeout(
          subject,
          isNoResponders(error) ? `${spec.service} is not there` : `${spec.service} did not answer`,
        );
      });
    const checked = checkReply(
      bundle,
      signatureOf(message.headers),
      { subject, request, reply: bufferOf(message.data) },
      { signers: [spec.service], at: clock.now() },
    );
    if (!checked.ok)
      throw new CommandTimeout(subject, `an answer came that ${spec.service} did not sign (${checked.failure})`);
    const reply = commandReplySchema.parse(jsonOf(message.data));
    if (!reply.ok) throw new CommandFailed(subject, reply.problem);
    return spec.answer.parse(reply.result) as AnswerOf<C>;
  }
}
