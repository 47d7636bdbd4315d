import { describe, expect, it, jest } from '@jest/globals';
import { CONTROLS, readModelKey, type RegistryRecord, type Role } from '@countersign/contracts';
import { keyIdOf } from '@countersign/identity';
import { sha256 } from '@countersign/primitives';
import { PeopleDirectory, type ReadModels } from '@countersign/service-host';
import { anId, aTaskMessage, aVerdict, FixedClock, silentLogger } from '@countersign/testing';
import { adopt } from '../domain/adopt.js';
import { takeVerdict } from '../domain/evaluation.js';
import type { Evaluation, TaskRecord } from '../domain/model.js';
import { KnownApprovers } from './known-approvers.js';

const clock = new FixedClock();
const head = { v: 1, version: 1, at: '2026-03-02T10:00:00.000Z' } as const;
const config = { values: { COUNTERSIGN_APPROVAL_MINUTES: 60 } };
const message = aTaskMessage({ streamAt: clock.now() });
const connection = { id: anId(), org: message.key.org, agent: anId() };

/** CFG_registry as a test says. */
class Registry {
  readonly records = new Map<string, RegistryRecord>();
  isFresh = true;
  spoilt: string | undefined;
  get(key: string): RegistryRecord | undefined {
    if (key === this.spoilt) throw new Error('spoilt');
    return this.records.get(key);
  }
  entries(): IterableIterator<[string, RegistryRecord]> {
    return this.records.entries();
  }
  onChange(): () => void {
    return () => undefined;
  }
  fresh(): boolean {
    return this.isFresh;
  }
  person(org: string, roles: readonly Role[], change: { status?: 'DISABLED'; forCause?: boolean } = {}): string {
    const operator = anId();
    const publicKey = sha256(Buffer.from(operator)).toString('base64url');
    const kid = keyIdOf('operator', Buffer.from(publicKey, 'base64url'));
    const person = { org, operator, name: 'someone', roles: [...roles], kid, publicKey };
    const state = { status: 'ACTIVE' as const, forCause: false, ...change };
    this.records.set(readModelKey.operator(org, operator), { ...head, kind: 'operator', ...person, ...state });
    return operator;
  }
  agent(ref: { readonly org: string; readonly agent: string }, registeredBy: string): void {
    this.records.set(readModelKey.agent(ref), { ...head, ...ref, kind: 'agent', registeredBy } as RegistryRecord);
  }
  connection(requiredApprovals: 1 | 2): void {
    const key = readModelKey.connection(message.key.org, connection.id);
    this.records.set(key, { ...head, kind: 'connection', requiredApprovals } as RegistryRecord);
  }
}

function evaluation(): Evaluation {
  const { key, attempt, round, seq, streamAt, digest } = message;
  const shape = { taskType: 'chat', target: '', instance: undefined, models: null, tools: null, usesModels: false };
  const counted = { verdicts: new Map(), missing: new Map(), deniedAt: undefined };
  const made: Evaluation = {
    key,
    attempt,
    round,
    seq,
    streamAt,
    digest,
    task: { ...shape, deadline: streamAt + 600_000 },
    ...counted,
  };
  for (const control of CONTROLS) {
    const asks = { decision: 'ESCALATE' as const, codes: [{ code: 'APPROVAL_TASK_TYPE' as const }] };
    const parts = { clock, ...(control === 'policy' ? asks : {}), ...(control === 'registry' ? { connection } : {}) };
    takeVerdict(made, control, aVerdict(message, control, parts), {
      ref: { frame: 'sha256:0', index: 0, leaf: 'sha256:0' },
      at: streamAt,
    });
  }
  return made;
}

function known(registry: Registry): { readonly approvers: KnownApprovers; readonly alerts: () => readonly unknown[] } {
  const logger = silentLogger('dispatcher');
  const alert = jest.spyOn(logger, 'alert');
  const models = { registry } as unknown as ReadModels;
  const approvers = new KnownApprovers(new PeopleDirectory(registry), models, clock, logger, config);
  return { approvers, alerts: () => alert.mock.calls.map(([kind]) => kind) };
}

describe('how many people a task takes', () => {
  it('is what its connection says', () => {
    const registry = new Registry();
    registry.connection(1);
    expect(known(registry).approvers.termsFor(evaluation())).toMatchObject({ required: 1, expiryMs: 3_600_000 });
  });

  it('is two where the connection is not known or spoilt', () => {
    const registry = new Registry();
    expect(known(registry).approvers.termsFor(evaluation()).required).toBe(2);
    registry.connection(1);
    registry.spoilt = readModelKey.connection(message.key.org, connection.id);
    expect(known(registry).approvers.termsFor(evaluation()).required).toBe(2);
  });
});

describe('what somebody approved before', () => {
  it('counts on when they were disabled without a cause, and not when for cause, nor when they are not known', () => {
    const registry = new Registry();
    const active = registry.person('o', ['APPROVER']);
    const left = registry.person('o', ['APPROVER'], { status: 'DISABLED' });
    const caught = registry.person('o', ['APPROVER'], { status: 'DISABLED', forCause: true });
    const { approvers } = known(registry);
    expect([active, left, caught, 'nobody'].map((person) => approvers.stands(person))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('does not count while it is not known who the people are', () => {
    const registry = new Registry();
    const active = registry.person('o', ['APPROVER']);
    registry.isFresh = false;
    expect(known(registry).approvers.stands(active)).toBe(false);
  });
});

describe('a task that begins to wait', () => {
  const waiting = (approvers: KnownApprovers): TaskRecord => {
    const open = evaluation();
    const context = { currency: 'USD', now: clock.now(), terms: approvers.termsFor(open) };
    const row = adopt(open, undefined, context);
    if (row === undefined) throw new Error('nothing was decided');
    return row;
  };
  const registered = (required: 1 | 2): Registry => {
    const registry = new Registry();
    registry.connection(required);
    registry.agent(message.key, 'operator:local');
    registry.agent(connection, 'operator:local');
    return registry;
  };

  it.each<[string, 1 | 2, readonly Role[][], readonly string[]]>([
    ['as many may decide as have to', 2, [['APPROVER'], ['OWNER']], []],
    ['nobody may decide', 1, [['VIEWER'], ['OPERATOR', 'AUDITOR']], ['NO_ELIGIBLE_APPROVER']],
    ['one may decide where two have to', 2, [['APPROVER']], ['NO_ELIGIBLE_APPROVER']],
  ])('when %s', (_what, required, people, expected) => {
    const registry = registered(required);
    for (const roles of people) registry.person(message.key.org, roles);
    const { approvers, alerts } = known(registry);
    approvers.asked(waiting(approvers));
    expect(alerts()).toEqual(expected);
  });

  it('has nobody who may decide when the only approver registered its client', () => {
    const registry = registered(1);
    const only = registry.person(message.key.org, ['APPROVER']);
    registry.agent(message.key, `user:${only}`);
    const { approvers, alerts } = known(registry);
    approvers.asked(waiting(approvers));
    expect(alerts()).toEqual(['NO_ELIGIBLE_APPROVER']);
  });

  it('has nobody who may decide when an agent is not known', () => {
    const registry = registered(1);
    registry.person(message.key.org, ['APPROVER']);
    registry.records.delete(readModelKey.agent(connection));
    const { approvers, alerts } = known(registry);
    approvers.asked(waiting(approvers));
    expect(alerts()).toEqual(['NO_ELIGIBLE_APPROVER']);
  });
});
