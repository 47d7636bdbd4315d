import { sha256, timeOfUuidV7, type Clock } from '@countersign/primitives';
import {
  COMMAND_KEY_MS,
  mayCommand,
  PURPOSES,
  SIGNERS,
  type Actor,
  type CommandEnvelope,
  type CommandSpec,
  type Signer,
} from '@countersign/contracts';
import { soleKeyId, verifiesUnder, type ReceivedSignature, type TrustBundle } from '@countersign/identity';
import { CommandRefused } from './errors.js';
import type { People, Person } from './people.js';

/** Whose key signed a command: a program's, or a person's. */
export type CommandSender =
  { readonly kind: 'program'; readonly signer: Signer } | { readonly kind: 'person'; readonly person: Person };

/** What finding out who sent a command needs. */
export interface SenderParts {
  readonly bundle: TrustBundle;
  readonly clock: Clock;
  /** Absent where no people are served. */
  readonly people?: People | undefined;
}

/** Who signed these bytes for this subject, or why the signature does not count. A key that the trust bundle does not hold is looked for among people. */
export function senderOf(
  { bundle, clock, people }: SenderParts,
  received: ReceivedSignature,
  { subject, request }: { readonly subject: string; readonly request: Uint8Array },
): CommandSender | { readonly failure: string } {
  const expected = { purpose: PURPOSES.admin, subject, bodyHash: sha256(request) };
  const checked = bundle.check(received, { ...expected, signers: SIGNERS, at: clock.now() });
  if (checked.ok) return { kind: 'program', signer: checked.service };
  const kid = checked.failure === 'unknown-key' ? soleKeyId(received) : undefined;
  const person = kid === undefined ? undefined : people?.byKeyId(kid);
  if (person === undefined) return { failure: checked.failure };
  return verifiesUnder(person.publicKey, received, expected) ? { kind: 'person', person } : { failure: 'signature' };
}

/** Refuses a command to whoever may not send it; of a person before anything of its body is parsed. */
export function refuseUnlessAllowed(sender: CommandSender, spec: CommandSpec, people: People | undefined): void {
  const name = `${spec.service}.${spec.verb}`;
  if (sender.kind === 'program') {
    if (mayCommand(sender.signer, spec)) return;
    throw new CommandRefused('PERMISSION_DENIED', `${sender.signer} may not send ${name}`);
  }
  const { person } = sender;
  if (people?.fresh() !== true)
    throw new CommandRefused('TEMPORARILY_UNAVAILABLE', 'what is known of people is not up to date; try again');
  if (person.status !== 'ACTIVE') throw new CommandRefused('PERMISSION_DENIED', `${person.name} is disabled`);
  if (spec.people?.some((role) => person.roles.includes(role)) === true) return;
  const needed =
    spec.people === undefined ? 'is for the operator of the installation' : `needs ${spec.people.join(' or ')}`;
  throw new CommandRefused('PERMISSION_DENIED', `${name} ${needed}; ${person.name} is ${person.roles.join(', ')}`);
}

/** Refuses a command whose idempotency key was made too long ago, or is of the future (ADR 0043). */
export function refuseUnlessTimely({ kind }: CommandSender, { idempotencyKey }: CommandEnvelope, now: number): void {
  const age = now - timeOfUuidV7(idempotencyKey);
  if (age <= COMMAND_KEY_MS[kind] && -age <= COMMAND_KEY_MS.ahead) return;
  const last = kind === 'person' ? 'ten minutes' : 'seven days';
  throw new CommandRefused('REQUEST_INVALID', `the key must be a UUIDv7 of the last ${last}`, 'idempotencyKey');
}

/** Refuses a person's command about another organisation, and one that names none. */
export function refuseUnlessOwn(
  { person }: Extract<CommandSender, { kind: 'person' }>,
  spec: CommandSpec,
  body: unknown,
): void {
  if (spec.acrossOrgs === true) return;
  const named = organizationsOf(body);
  if (named.length > 0 && named.every((org) => org === person.org)) return;
  throw new CommandRefused('PERMISSION_DENIED', `${person.name} may command in their own organisation only`);
}

/** In whose name a command is carried out: of a person the person, whatever the envelope says. */
export function actorOf(sender: CommandSender, envelope: CommandEnvelope): Actor {
  return sender.kind === 'person' ? { kind: 'user', id: sender.person.operator } : envelope.actor;
}

/** Every organisation that a body names: `org`, and that of a task, a scope, an end of a connection or a list of tasks. */
function organizationsOf(body: unknown): readonly unknown[] {
  const own = fieldOf(body, 'org');
  const nested = ['task', 'scope', 'client', 'target'].map((field) => fieldOf(fieldOf(body, field), 'org'));
  const tasks = fieldOf(body, 'tasks');
  const listed = Array.isArray(tasks) ? tasks.map((entry) => fieldOf(fieldOf(entry, 'task'), 'org') ?? null) : [];
  return [own, ...nested, ...listed].filter((org) => org !== undefined);
}

function fieldOf(value: unknown, field: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, field)) return undefined;
  return Object.entries(value).find(([name]) => name === field)?.[1];
}
