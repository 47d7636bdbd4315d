import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { formatDigest, sha256, SystemRandom } from '@countersign/primitives';
import { CONTROLS, type RegistryRecord, type Role } from '@countersign/contracts';
import type { CommandContext, Judgement, Person } from '@countersign/bus';
import { keyIdOf } from '@countersign/identity';
import { PeopleDirectory, type ReadModels } from '@countersign/service-host';
import type { Database } from '@countersign/store';
import {
  anId,
  aTaskMessage,
  aVerdict,
  FixedClock,
  silentLogger,
  testDatabase,
  type TestDatabase,
} from '@countersign/testing';
import { DecideApprovals } from '../../application/decide-approvals.js';
import type { Dispatch } from '../../application/dispatch.js';
import { KnownApprovers } from '../../application/known-approvers.js';
import { Transitions, type Changed } from '../../application/ports.js';
import { takeVerdict } from '../../domain/evaluation.js';
import type { Evaluation, TaskRecord } from '../../domain/model.js';
import { dispatcherMigrations } from '../../migrations/index.js';
import { ApprovalCommands } from '../in/approval-commands.controller.js';
import { ApprovalStore } from './approval.store.js';
import { TaskStore } from './task.store.js';

jest.setTimeout(60_000);

const REF = { frame: 'sha256:0', index: 0, leaf: 'sha256:0' };
const config = { values: { COUNTERSIGN_SEAL_KEY_FILE: Buffer.alloc(32, 7), COUNTERSIGN_APPROVAL_MINUTES: 240 } };
const logger = silentLogger('dispatcher');
const [client, target] = [anId(), { id: anId(), org: anId(), agent: anId() }];

class Quiet extends Transitions {
  override publish(): void {
    // nobody listens here
  }
  override stop(): Promise<void> {
    return Promise.resolve();
  }
}

/** What CFG_registry says: people, and agents that the installation's operator registered. */
const records = new Map<string, RegistryRecord>();
const registry = {
  get: (key: string) => records.get(key) ?? ({ kind: 'agent', registeredBy: 'operator:local' } as RegistryRecord),
  entries: () => records.entries(),
  onChange: () => () => true,
  fresh: () => true,
};

function aPerson(org: string, ...roles: readonly Role[]): Person {
  const publicKey = sha256(Buffer.from(anId())).toString('base64url');
  const kid = keyIdOf('operator', Buffer.from(publicKey, 'base64url'));
  const operator = anId();
  const head = { v: 1, version: 1, at: '2026-03-02T10:00:00.000Z', kind: 'operator' } as const;
  const person = { org, operator, name: `p-${operator.slice(-6)}`, roles: [...roles], kid, publicKey };
  const record = { ...head, ...person, status: 'ACTIVE' as const, forCause: false };
  records.set(`operator.${org}.${operator}`, record);
  return record;
}
const [ann, bob, tom] = [aPerson(client, 'APPROVER'), aPerson(client, 'OWNER'), aPerson(target.org, 'APPROVER')];

/** One replica of the dispatcher, as far as people go. */
class Replica {
  readonly tasks: TaskStore;
  readonly requests: ApprovalStore;
  readonly commands: ApprovalCommands;
  followed: Changed[] = [];

  constructor(readonly database: Database) {
    this.tasks = new TaskStore(database, new SystemRandom(), config);
    this.requests = new ApprovalStore(database, new SystemRandom());
    const people = new PeopleDirectory(registry);
    const clock = new FixedClock(Date.now());
    const approvers = new KnownApprovers(people, { registry } as unknown as ReadModels, clock, logger, config);
    const dispatch = { follow: (changed: readonly Changed[]) => this.followed.push(...changed) } as unknown as Dispatch;
    const decisions = new DecideApprovals(this.requests, approvers, dispatch, new Quiet(), logger);
    this.commands = new ApprovalCommands(decisions, this.requests, approvers);
  }

  /** Tasks that wait for people of the client's organisation, or of the target's too. */
  async held(
    count: number,
    terms: { required?: 1 | 2; expiryMs?: number; both?: boolean } = {},
  ): Promise<readonly TaskRecord[]> {
    const { required = 1, expiryMs = 3_600_000, both = false } = terms;
    const adoptions = Array.from({ length: count }, () => ({
      ...anEvaluation(both ? 'both' : 'client'),
      currency: 'USD',
      terms: { required, expiryMs, stands: () => true },
    }));
    return (await this.tasks.adopt(adoptions)).map(({ record }) => record);
  }

  approve(row: TaskRecord, by: Person, change: { actionDigest?: string } = {}) {
    return this.commands.approve({ ...shown(row), ...change }, as(by));
  }
}

function anEvaluation(who: 'client' | 'both' | 'nobody'): { readonly evaluation: Evaluation; readonly body: Buffer } {
  const clock = new FixedClock(Date.now());
  const message = aTaskMessage({ key: { org: client, agent: anId(), task: anId(Date.now()) }, streamAt: clock.now() });
  const { key, attempt, round, seq, streamAt, digest, body } = message;
  const shape = { taskType: 'chat', target: '', instance: undefined, models: null, tools: null, usesModels: false };
  const task = { ...shape, deadline: streamAt + 600_000 };
  const counted = { verdicts: new Map(), missing: new Map(), deniedAt: undefined };
  const evaluation: Evaluation = { key, attempt, round, seq, streamAt, digest, task, ...counted };
  const code = 'APPROVAL_TASK_TYPE' as const;
  const asks: Partial<Judgement> = {
    decision: 'ESCALATE',
    codes: [{ code, side: 'client' }, ...(who === 'both' ? [{ code, side: 'target' as const }] : [])],
  };
  for (const control of CONTROLS) {
    const parts = {
      clock,
      ...(control === 'policy' && who !== 'nobody' ? asks : {}),
      ...(control === 'registry' ? { connection: target } : {}),
    };
    takeVerdict(evaluation, control, aVerdict(message, control, parts), { ref: REF, at: streamAt });
  }
  return { evaluation, body };
}

const shown = ({ key: task, attempt, round, actionDigest = '' }: TaskRecord) => ({
  task,
  attempt,
  round,
  actionDigest,
});
const as = (person: Person): CommandContext => ({
  actor: { kind: 'user', id: person.operator },
  idempotencyKey: anId(),
  signer: 'person',
  person,
});

let database: TestDatabase;
let one: Replica;
let two: Replica;
let row: TaskRecord;

beforeAll(async () => {
  database = await testDatabase('dispatcher', dispatcherMigrations);
  [one, two] = [new Replica(await database.open()), new Replica(await database.open())];
});
afterAll(() => database.drop());

async function aHeld(
  ...terms: Parameters<Replica['held']> extends [number, ...infer R] ? R : never
): Promise<TaskRecord> {
  const [held] = await one.held(1, ...terms);
  if (held === undefined) throw new Error('nothing waits');
  return held;
}
const statesOf = ({ key }: TaskRecord): Promise<readonly { readonly org_id: string; readonly status: string }[]> =>
  database.asSuper('select org_id, status from dispatcher.approval_request where task_id = $1 order by round, org_id', [
    key.task,
  ]);
const decisionsOf = ({ key }: TaskRecord): Promise<readonly { readonly decision: string }[]> =>
  database.asSuper('select decision from dispatcher.approval_decision where task_id = $1', [key.task]);
const isWaiting = async ({ key }: TaskRecord, org: string): Promise<boolean> =>
  (await two.commands.approvals({ org })).requests.some(({ task }) => task.task === key.task);

describe('a request for approval', () => {
  it('is there with the row that waits, for the organisation that is asked and no other', async () => {
    row = await aHeld();
    expect(await isWaiting(row, client)).toBe(true);
    expect(await isWaiting(row, target.org)).toBe(false);
    const [request] = (await one.commands.approvals({ org: client })).requests.filter(
      ({ task }) => task.task === row.key.task,
    );
    expect(request).toMatchObject({ required: 1, approvedBy: [], stuck: false, stage: 'PRE_RELEASE' });
    expect(request?.eligible.map(({ operator }) => operator).sort()).toEqual([ann.operator, bob.operator].sort());
    expect(request?.actionDigest).toBe(row.actionDigest);
  });

  it('survives every process: whoever starts anew on the same rows decides it', async () => {
    row = await aHeld();
    const later = new Replica(await database.open());
    expect(await later.approve(row, ann)).toEqual({ state: 'EVALUATING', missing: 0 });
    expect(later.followed).toEqual([expect.objectContaining({ record: expect.objectContaining({ round: 2 }) })]);
    expect(await isWaiting(row, client)).toBe(false);
  });

  it('counts a person once, who clicks on two replicas at the same time', async () => {
    row = await aHeld({ required: 2 });
    const clicks = await Promise.all([one.approve(row, ann), two.approve(row, ann), one.approve(row, ann)]);
    expect(clicks).toEqual(clicks.map(() => ({ state: 'AWAITING_APPROVAL', missing: 1 })));
    expect(await decisionsOf(row)).toEqual([{ decision: 'APPROVE' }]);
  });

  it('opens one round, when the two who are needed approve on two replicas at the same time', async () => {
    row = await aHeld({ required: 2 });
    const before = [one.followed.length, two.followed.length];
    const states = (await Promise.all([one.approve(row, ann), two.approve(row, bob)])).map(({ state }) => state);
    expect(states.sort()).toEqual(['AWAITING_APPROVAL', 'EVALUATING']);
    expect(one.followed.length + two.followed.length - (before[0] ?? 0) - (before[1] ?? 0)).toBe(1);
    const items = await database.asSuper<{ kind: string }>(
      `select kind from dispatcher.unrecorded where task_id = $1 order by position`,
      [row.key.task],
    );
    expect(items.map(({ kind }) => kind)).toEqual(['decided', 'approval:1', 'approval:2', 'moved:EVALUATING']);
  });

  it('stands with both organisations when both ask, and one rejection closes both', async () => {
    row = await aHeld({ both: true });
    expect([await isWaiting(row, client), await isWaiting(row, target.org)]).toEqual([true, true]);
    expect(await one.approve(row, tom)).toEqual({ state: 'AWAITING_APPROVAL', missing: 0 });
    expect(await two.commands.reject({ ...shown(row), unsafe: true }, as(ann))).toMatchObject({ state: 'DENIED' });
    const states = new Map((await statesOf(row)).map(({ org_id: org, status }) => [org, status]));
    expect([states.get(client), states.get(target.org)]).toEqual(['REJECTED', 'INVALIDATED']);
  });

  it('is cancelled with its task, in every organisation that is asked', async () => {
    row = await aHeld({ both: true });
    await one.tasks.apply([
      { key: row.key, attempt: 1, event: { type: 'withdrawn', codes: [{ code: 'AGENT_REVOKED' }] } },
    ]);
    expect((await statesOf(row)).map(({ status }) => status)).toEqual(['CANCELLED', 'CANCELLED']);
    await expect(one.approve(row, ann)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('expires by the clock of the database', async () => {
    row = await aHeld({ expiryMs: 1 });
    await expect(one.approve(row, ann)).rejects.toMatchObject({ code: 'APPROVAL_EXPIRED' });
    expect(await isWaiting(row, client)).toBe(false);
    await two.tasks.apply([{ key: row.key, attempt: 1, event: { type: 'timer' } }]);
    expect(await statesOf(row)).toEqual([{ org_id: client, status: 'EXPIRED' }]);
  });

  it('keeps who tried to decide it and may not, and goes on waiting', async () => {
    row = await aHeld();
    const victor = aPerson(client, 'VIEWER');
    for (let i = 0; i < 2; i += 1)
      await expect(one.approve(row, victor)).rejects.toMatchObject({ code: 'APPROVAL_NOT_ELIGIBLE' });
    const operator = { actor: { kind: 'operator', id: 'local' }, idempotencyKey: anId(), signer: 'operator' } as const;
    await expect(one.commands.approve(shown(row), operator)).rejects.toMatchObject({ code: 'APPROVAL_NOT_ELIGIBLE' });
    await expect(one.approve(row, tom)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    const blocked = await database.asSuper(
      'select actor from dispatcher.approval_blocked where task_id = $1 order by actor',
      [row.key.task],
    );
    expect(blocked).toEqual([{ actor: 'operator:local' }, { actor: `user:${victor.operator}` }]);
    expect(await isWaiting(row, client)).toBe(true);
  });

  it('is stuck, and says so, when fewer may decide than have to', async () => {
    const lonely = anId();
    aPerson(lonely, 'APPROVER');
    const people = new PeopleDirectory(registry).of(lonely);
    expect(people).toHaveLength(1);
    row = await aHeld({ required: 2 });
    for (const person of [ann, bob]) records.delete(`operator.${client}.${person.operator}`);
    try {
      const alone = new Replica(one.database);
      const found = (await alone.commands.approvals({ org: client })).requests.find(
        ({ task }) => task.task === row.key.task,
      );
      expect(found).toMatchObject({ eligible: [], stuck: true });
    } finally {
      for (const person of [ann, bob]) records.set(`operator.${client}.${person.operator}`, person as never);
    }
  });
});

describe('a request about a result', () => {
  async function asked(): Promise<TaskRecord> {
    const open = { ...anEvaluation('nobody'), currency: 'USD' };
    const terms = { required: 1 as const, expiryMs: 3_600_000, stands: () => true };
    const [released] = await one.tasks.adopt([{ ...open, terms }]);
    if (released === undefined) throw new Error('nothing was released');
    const { key, attempt, round } = released.record;
    await one.tasks.claim([{ key, attempt, round }]);
    const digest = formatDigest(sha256('result'));
    const result = { failed: false, seq: 1, digest, usage: [], tools: [], chargedMicros: '5' };
    await one.tasks.apply([
      { key, attempt, event: { type: 'result', ...result }, bodies: { out: Buffer.from('result') } },
    ]);
    const codes = [{ code: 'APPROVAL_GUARDRAIL' as const, id: 'g1:GROUNDING:2' }];
    const screened = { type: 'screened', digest, outcome: 'ESCALATE', codes, chargedMicros: '5' } as const;
    const [waiting] = await two.tasks.apply([{ key, attempt, event: screened }]);
    if (waiting?.record.state !== 'AWAITING_OUTPUT_APPROVAL') throw new Error('nobody was asked');
    return waiting.record;
  }

  it('is shown as one, and what was approved is delivered without another round', async () => {
    row = await asked();
    const { requests } = await one.commands.approvals({ org: client });
    const request = requests.find(({ task }) => task.task === row.key.task);
    expect(request).toMatchObject({ stage: 'OUTPUT', round: 1, action: { payloadDigest: row.result?.digest } });
    expect(await one.approve(row, ann)).toEqual({ state: 'COMPLETED', missing: 0 });
    expect((await statesOf(row)).map(({ status }) => status)).toEqual(['USED']);
    expect((await two.tasks.body(row, 'out'))?.toString()).toBe('result');
    const items = await database.asSuper<{ kind: string }>(
      'select kind from dispatcher.unrecorded where task_id = $1 order by position',
      [row.key.task],
    );
    expect(items.slice(-2).map(({ kind }) => kind)).toEqual(['approval:1', 'finished']);
  });

  it('keeps the result where somebody rejects it', async () => {
    row = await asked();
    expect(await one.commands.reject(shown(row), as(bob))).toMatchObject({ state: 'QUARANTINED' });
    expect((await statesOf(row)).map(({ status }) => status)).toEqual(['REJECTED']);
  });
});

describe('more requests than one answer holds', () => {
  it('are told page by page, each once, however many came at one instant', async () => {
    const rows = await one.held(520);
    const told: string[] = [];
    let pages = 0;
    let after: Awaited<ReturnType<typeof two.commands.approvals>>['next'];
    do {
      const page = await two.commands.approvals({ org: client, ...(after === undefined ? {} : { after }) });
      told.push(...page.requests.map(({ task }) => task.task));
      after = page.next;
      pages += 1;
    } while (after !== undefined && pages < 20);
    expect(pages).toBeGreaterThan(1);
    expect(new Set(told).size).toBe(told.length);
    expect(told).toEqual(expect.arrayContaining(rows.map(({ key }) => key.task)));
  });

  it('end with the last one', async () => {
    const org = anId();
    expect(await one.commands.approvals({ org })).toEqual({ requests: [], left: 0 });
  });
});

describe('many requests in one call', () => {
  it('are decided alone: one of an old digest fails for itself', async () => {
    const rows = await one.held(3);
    const items = rows.map((held, i) => ({
      ...shown(held),
      ...(i === 1 ? { actionDigest: formatDigest(sha256('old')) } : {}),
    }));
    const { results } = await one.commands.approveMany({ items, comment: 'looked at' }, as(ann));
    expect(results.map((result) => (result.ok ? result.state : result.problem.code))).toEqual([
      'EVALUATING',
      'APPROVAL_STALE_DIGEST',
      'EVALUATING',
    ]);
  });

  it('are not taken from somebody who approved 60 in ten minutes, and others may still decide', async () => {
    const tired = aPerson(client, 'APPROVER');
    const alerts = jest.spyOn(logger, 'alert');
    const rows = await one.held(62);
    const items = rows.map(shown);
    const first = await one.commands.approveMany({ items: items.slice(0, 50) }, as(tired));
    const second = await two.commands.approveMany({ items: items.slice(50) }, as(tired));
    const results = [...first.results, ...second.results].map((result) => (result.ok ? 'taken' : result.problem.code));
    expect(results.slice(0, 60)).toEqual(Array.from({ length: 60 }, () => 'taken'));
    expect(results.slice(60)).toEqual(['APPROVAL_NOT_ELIGIBLE', 'APPROVAL_NOT_ELIGIBLE']);
    expect(alerts.mock.calls.filter(([kind]) => kind === 'APPROVAL_FATIGUE')).toHaveLength(1);
    const last = rows.at(-1);
    if (last !== undefined) expect(await one.approve(last, bob)).toMatchObject({ state: 'EVALUATING' });
  });
});
