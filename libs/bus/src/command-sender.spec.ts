import { describe, expect, it } from '@jest/globals';
import { sha256, uuidV7 } from '@countersign/primitives';
import {
  COMMAND_KEY_MS,
  COMMANDS,
  PURPOSES,
  type CommandEnvelope,
  type CommandSpec,
  type Role,
} from '@countersign/contracts';
import { SigningKey } from '@countersign/identity';
import { anId, FixedClock, SeededRandom, testKeys } from '@countersign/testing';
import { actorOf, refuseUnlessAllowed, refuseUnlessOwn, refuseUnlessTimely, senderOf } from './command-sender.js';
import { CommandRefused } from './errors.js';
import { People, type Person } from './people.js';

const { dispatcher, policy, registry, audit } = COMMANDS;
const keys = testKeys();
const clock = new FixedClock();
const random = new SeededRandom('senders');
const [org, other] = [anId(), anId()];
const SUBJECT = 'adm.dispatcher.approve';
const request = Buffer.from('{"any":"bytes"}');

class Known extends People {
  readonly people = new Map<string, Person>();
  isFresh = true;
  override byKeyId(kid: string): Person | undefined {
    return this.people.get(kid);
  }
  override fresh(): boolean {
    return this.isFresh;
  }
}

function someone(change: Partial<Person> = {}): {
  readonly key: SigningKey;
  readonly person: Person;
  readonly known: Known;
} {
  const key = SigningKey.generate('operator');
  const publicKey = key.publicKey.toString('base64url');
  const person: Person = {
    ...{ org, operator: anId(), name: 'ann', roles: ['APPROVER'], kid: key.kid, publicKey, status: 'ACTIVE' },
    forCause: false,
    ...change,
  };
  const known = new Known();
  known.people.set(key.kid, person);
  return { key, person, known };
}

function from(
  key: SigningKey,
  known: People | undefined,
  changes: { subject?: string; bytes?: Buffer; kid?: string } = {},
) {
  const { kid, sig } = key.sign(PURPOSES.admin, changes.subject ?? SUBJECT, sha256(changes.bytes ?? request));
  const parts = { bundle: keys.bundle, clock, people: known };
  return senderOf(parts, { kid: [changes.kid ?? kid], sig: [sig] }, { subject: SUBJECT, request });
}

const envelope = (change: Partial<CommandEnvelope> = {}): CommandEnvelope => ({
  nonce: 'AAAAAAAAAAA',
  actor: { kind: 'operator', id: 'local' },
  idempotencyKey: uuidV7(clock.now(), random),
  body: {},
  ...change,
});

const outcomeOf = (refuse: () => void): string => {
  try {
    refuse();
    return 'allowed';
  } catch (error) {
    return error instanceof CommandRefused ? error.code : 'no refusal';
  }
};

describe('a command signed by a key that no program has', () => {
  it('is the person’s whose key it is, whatever its envelope says', () => {
    const { key, person, known } = someone();
    const sender = from(key, known);
    expect(sender).toEqual({ kind: 'person', person });
    if ('failure' in sender) throw new Error('not counted');
    expect(actorOf(sender, envelope())).toEqual({ kind: 'user', id: person.operator });
    expect(actorOf(sender, envelope({ actor: { kind: 'user', id: 'somebody else' } })).id).toBe(person.operator);
  });

  it('counts for nobody when nobody is known by that key, or no people are served', () => {
    const { key } = someone();
    expect(from(key, new Known())).toEqual({ failure: 'unknown-key' });
    expect(from(key, undefined)).toEqual({ failure: 'unknown-key' });
  });

  it.each<[string, Parameters<typeof from>[2]]>([
    ['another subject', { subject: 'adm.dispatcher.reject' }],
    ['other bytes', { bytes: Buffer.from('{}') }],
  ])('does not count when it was signed for %s', (_what, changes) => {
    const { key, known } = someone();
    expect(from(key, known, changes)).toEqual({ failure: 'signature' });
  });

  it('does not count under the key id of somebody else, nor under that of the operator', () => {
    const { known, person } = someone();
    const stranger = SigningKey.generate('operator');
    expect(from(stranger, known, { kid: person.kid })).toEqual({ failure: 'signature' });
    expect(from(stranger, known, { kid: keys.keyOf('operator').kid })).toEqual({ failure: 'signature' });
  });

  it('does not count with a header twice', () => {
    const { key, known } = someone();
    const { kid, sig } = key.sign(PURPOSES.admin, SUBJECT, sha256(request));
    const twice = senderOf(
      { bundle: keys.bundle, clock, people: known },
      { kid: [kid, kid], sig: [sig] },
      { subject: SUBJECT, request },
    );
    expect(twice).toEqual({ failure: 'malformed' });
  });

  it('stays a program’s where a person has registered the key of one', () => {
    const operator = keys.keyOf('operator');
    const known = new Known();
    known.people.set(operator.kid, someone().person);
    expect(from(operator, known)).toEqual({ kind: 'program', signer: 'operator' });
  });
});

describe('what a person may send', () => {
  const allowed = (spec: CommandSpec, change: Partial<Person> = {}, fresh = true): string => {
    const { person, known } = someone(change);
    known.isFresh = fresh;
    return outcomeOf(() => refuseUnlessAllowed({ kind: 'person', person }, spec, known));
  };

  it.each<[Role, string, string, string]>([
    ['VIEWER', 'allowed', 'PERMISSION_DENIED', 'PERMISSION_DENIED'],
    ['APPROVER', 'allowed', 'allowed', 'PERMISSION_DENIED'],
    ['OPERATOR', 'allowed', 'PERMISSION_DENIED', 'PERMISSION_DENIED'],
    ['OWNER', 'allowed', 'allowed', 'allowed'],
  ])('of a %s: list %s, approve %s, set a policy %s', (role, list, approve, set) => {
    const may = [dispatcher.list, dispatcher.approve, policy.set].map((spec) => allowed(spec, { roles: [role] }));
    expect(may).toEqual([list, approve, set]);
  });

  it('is nothing that is not said to be for people', () => {
    for (const spec of [
      registry.orgCreate,
      registry.operatorCreate,
      registry.operatorRoles,
      registry.agentRevoke,
      audit.open,
    ])
      expect(allowed(spec, { roles: ['OWNER', 'OPERATOR', 'APPROVER', 'AUDITOR', 'VIEWER'] })).toBe(
        'PERMISSION_DENIED',
      );
  });

  it('is nothing any more once they are disabled, or lost the role', () => {
    expect(allowed(dispatcher.list, { status: 'DISABLED' })).toBe('PERMISSION_DENIED');
    expect(allowed(dispatcher.approve, { roles: ['VIEWER'] })).toBe('PERMISSION_DENIED');
  });

  it('is nothing while it is not known who the people are', () => {
    expect(allowed(dispatcher.list, {}, false)).toBe('TEMPORARILY_UNAVAILABLE');
    expect(() =>
      refuseUnlessAllowed({ kind: 'person', person: someone().person }, dispatcher.list, undefined),
    ).toThrow();
  });
});

describe('a person’s own organisation', () => {
  const { person } = someone();
  const task = (of: string): object => ({ org: of, agent: anId(), task: anId() });
  const refusal = (spec: CommandSpec, body: unknown): string =>
    outcomeOf(() => refuseUnlessOwn({ kind: 'person', person }, spec, body));

  it.each<[string, CommandSpec, (of: string) => unknown]>([
    ['a list', dispatcher.list, (of) => ({ org: of })],
    ['a task', dispatcher.explain, (of) => ({ task: task(of) })],
    ['a scope', policy.set, (of) => ({ scope: { kind: 'org', org: of } })],
    [
      'every task of a list',
      dispatcher.tasks,
      (of) => ({
        tasks: [
          { task: task(org), attempt: 1 },
          { task: task(of), attempt: 1 },
        ],
      }),
    ],
  ])('is what %s has to be of', (_what, spec, body) => {
    expect([refusal(spec, body(org)), refusal(spec, body(other))]).toEqual(['allowed', 'PERMISSION_DENIED']);
  });

  it('has to be named: what names none is refused', () => {
    for (const body of [{}, { tasks: [] }, { org: null }, { scope: 'org' }, [], 'x'])
      expect(refusal(dispatcher.list, body)).toBe('PERMISSION_DENIED');
  });

  it('is found out by the command itself where another one’s task is decided', () => {
    expect(refusal(dispatcher.approve, { task: task(other) })).toBe('allowed');
  });

  it('hears nothing again that was sent more than ten minutes ago, nor what comes from the future', () => {
    const at = (ms: number): string => {
      const sent = envelope({ idempotencyKey: uuidV7(clock.now() + ms, random) });
      return outcomeOf(() => refuseUnlessTimely({ kind: 'person', person }, sent, clock.now()));
    };
    expect([at(-COMMAND_KEY_MS.person), at(-COMMAND_KEY_MS.person - 1)]).toEqual(['allowed', 'REQUEST_INVALID']);
    expect([at(COMMAND_KEY_MS.ahead), at(COMMAND_KEY_MS.ahead + 1)]).toEqual(['allowed', 'REQUEST_INVALID']);
  });
});
