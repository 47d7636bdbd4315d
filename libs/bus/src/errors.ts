import type { Problem, ReasonCode } from '@countersign/contracts';

/** A stream refused a message. `errCode` is JetStream's: 10071 wrong last sequence, 10077 as many messages under the subject as it may hold. */
export class PublishRefused extends Error {
  readonly code = 'PUBLISH_REFUSED';
  constructor(
    readonly subject: string,
    readonly errCode: number,
    description: string,
  ) {
    super(`the stream refused a message on ${subject}: ${description}`);
  }
}

/** No acknowledgement came: whether the message was stored is not known. */
export class PublishTimeout extends Error {
  readonly code = 'PUBLISH_TIMEOUT';
  constructor(readonly subject: string) {
    super(`no acknowledgement for a message on ${subject}`);
  }
}

/** Something this needs is down: the same input can succeed later, so a message is given back instead of being denied. */
export class DependencyUnavailable extends Error {
  readonly code = 'DEPENDENCY_UNAVAILABLE';
  constructor(what: string, options?: ErrorOptions) {
    super(`${what} is not available`, options);
  }
}

/** An expected refusal of a command: goes to its sender with code, sentence and field. */
export class CommandRefused extends Error {
  constructor(
    readonly code: ReasonCode,
    message: string,
    readonly field?: string,
  ) {
    super(message);
  }
}

/** A command was refused. */
export class CommandFailed extends Error {
  readonly code: ReasonCode;
  constructor(
    readonly command: string,
    readonly problem: Problem,
  ) {
    super(
      `${command}: ${problem.code}${problem.field === undefined ? '' : ` at ${problem.field}`}: ${problem.message}`,
    );
    this.code = problem.code;
  }
}

/** No answer came to a command, or none that verifies: whether it was carried out is not known; repeat it with the same idempotency key. */
export class CommandTimeout extends Error {
  readonly code = 'COMMAND_TIMEOUT';
  constructor(
    readonly command: string,
    reason: string,
  ) {
    super(`${command}: ${reason}`);
  }
}

/** No nats-server could be reached at any of these URLs. One that was reached and refused tells that itself. */
export class BusUnreachable extends Error {
  readonly code = 'BUS_UNREACHABLE';
  constructor(servers: readonly string[], cause: unknown) {
    super(`no nats-server answered at ${servers.join(', ')}; is the system running?`, { cause });
  }
}

/** A server was reached and let this person not in. It does not tell why. */
export class NotLetIn extends Error {
  readonly code = 'AUTHENTICATION_FAILED';
  constructor() {
    super('the installation did not let this person in: the key is of nobody there, or they were disabled');
  }
}

/** A stream or consumer of the installation is not what it has to be. */
export class ProvisioningMismatch extends Error {
  readonly code = 'PROVISIONING_MISMATCH';
}
