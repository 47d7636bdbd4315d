import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { formatInstant } from '@countersign/primitives';
import { NEUTRAL_POLICY, readModelKey, type AgentRecord, type AgentRef } from '@countersign/contracts';
import { Readiness } from '@countersign/service-host';
import type { Database } from '@countersign/store';
import {
  anAgent,
  anId,
  FixedClock,
  SeededRandom,
  silentLogger,
  testDatabase,
  type TestDatabase,
} from '@countersign/testing';
import { RememberWhenAgentsEnd } from '../in/remember-when-agents-end.js';
import { aConnectionRecord, anAgentRecord, FakeModels } from '../../application/spec-support/fake-models.js';
import { Standings } from '../../application/standings.js';
import { DAY_MS as DAY } from '../../domain/algorithm.js';
import type { NegativeKindName } from '../../domain/observation.js';
import type { ChargedObservation } from '../../domain/observe-task.js';
import { trustMigrations } from '../../migrations/index.js';
import { EvidenceMemory } from './evidence-memory.js';
import { ObservationStore, type Observed } from './observation.store.js';
import { StandingStore } from './standing.store.js';
import { StatementStore } from './statement.store.js';
import type { TransitionLag } from './transition-lag.js';

jest.setTimeout(60_000);

let testing: TestDatabase;
let database: Database;
const clock = new FixedClock('2026-11-22T12:00:00.000Z');
const NOW = clock.now();
const NOTHING: Observed = { observations: [], uses: [], handOvers: [], ended: [], rejections: [] };

beforeAll(async () => {
  testing = await testDatabase('trust', trustMigrations);
  database = await testing.open();
});
afterAll(() => testing?.drop());

interface Replica {
  readonly memory: EvidenceMemory;
  readonly standings: Standings;
  readonly store: ObservationStore;
  readonly lag: { heardUntil: number };
}

/** A replica that has just started. Its timers are not: a test looks when it wants to. */
async function replica(models: FakeModels): Promise<Replica> {
  const store = new ObservationStore(database);
  const standing = new StandingStore(database);
  const statements = new StatementStore(database, new SeededRandom('trust'));
  const lag = { heardUntil: NOW };
  const config = { values: { COUNTERSIGN_TRUST_MAX_LAG_SECONDS: 60 } };
  const memory = new EvidenceMemory(
    store,
    statements,
    standing,
    lag as TransitionLag,
    clock,
    silentLogger('trust'),
    config,
    new Readiness(),
  );
  const standings = new Standings(memory, models.models);
  const remember = new RememberWhenAgentsEnd(models.models, memory, standings, standing, clock, silentLogger('trust'));
  await memory.onApplicationBootstrap();
  await memory.onApplicationShutdown();
  remember.onApplicationBootstrap();
  return { memory, standings, store, lag };
}

function agentRecord(change: Partial<AgentRecord> = {}): AgentRecord {
  return anAgentRecord(NOW, { ...anAgent(change), ...change });
}

function charged(agent: AgentRef, kind: NegativeKindName | 'TASK_CLEAN', change: object = {}): ChargedObservation {
  return {
    agent: { org: agent.org, agent: agent.agent },
    taskId: anId(),
    attempt: 1,
    eventId: anId(),
    observation: {
      id: anId(),
      kind,
      at: NOW - 1_000,
      observerOrg: agent.org,
      counterparty: 'bob',
      counterpartyLevel: 'VERIFIED',
      ...(kind === 'TASK_CLEAN' ? {} : { code: kind, value: anId() }),
      ...change,
    },
  };
}

const record = (store: ObservationStore, ...observations: ChargedObservation[]): Promise<void> =>
  store.record({ ...NOTHING, observations });
const scoreOf = ({ standings }: Replica, agent: AgentRecord): readonly [number, string] => {
  const { score, level } = standings.look(agent.org, agent, clock.now());
  return [score, level];
};
/** Lets what runs in the background end. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await settled();
}

describe('evidence', () => {
  it('gives the same score and level after a restart, and in every replica', async () => {
    const models = new FakeModels();
    const agent = agentRecord();
    const [first, second] = [await replica(models), await replica(models)];
    await record(first.store, charged(agent, 'POLICY_SCOPE_VIOLATION'), charged(agent, 'TASK_CLEAN'));
    await first.memory.refresh();
    await second.memory.refresh();
    const { score, level } = first.standings.standing(agent.org, agent, NOW);
    expect(score).not.toBe(3_100);
    await until(
      async () =>
        (await testing.asSuper('select 1 from trust.level_state where agent_id = $1', [agent.agent])).length > 0,
    );
    expect(scoreOf(second, agent)).toEqual([score, level]);
    const restarted = await replica(models);
    expect(scoreOf(restarted, agent)).toEqual([score, level]);
    expect(restarted.memory.level(agent.org, agent.agent)).toEqual({ level, changedAt: NOW });
  });

  it('follows levels of other replicas, of which the newest change stands', async () => {
    const models = new FakeModels();
    const agent = agentRecord();
    const [first, second] = [await replica(models), await replica(models)];
    first.memory.setLevel(agent.org, agent.agent, { level: 'TRUSTED', changedAt: NOW - 5_000 }, 8_800);
    second.memory.setLevel(agent.org, agent.agent, { level: 'VERIFIED', changedAt: NOW - 1_000 }, 8_400);
    await until(async () => {
      await Promise.all([first.memory.refresh(), second.memory.refresh()]);
      return first.memory.level(agent.org, agent.agent)?.level === 'VERIFIED';
    });
    expect(second.memory.level(agent.org, agent.agent)?.level).toBe('VERIFIED');
    expect((await replica(models)).memory.level(agent.org, agent.agent)?.level).toBe('VERIFIED');
  });

  it('counts a redelivered batch once', async () => {
    const agent = agentRecord();
    const one = await replica(new FakeModels());
    const violation = charged(agent, 'GRANT_EXCEEDED');
    await record(one.store, violation);
    await record(one.store, violation);
    expect(await testing.asSuper('select 1 from trust.observation where agent_id = $1', [agent.agent])).toHaveLength(1);
  });

  it('takes a voided observation out of the score, and brings back what it had pushed out', async () => {
    const models = new FakeModels();
    const agent = agentRecord();
    const one = await replica(models);
    const same = { connection: anId(), code: 'GRANT_EXCEEDED', value: 'x' };
    const [older, newer] = [
      charged(agent, 'GRANT_EXCEEDED', { ...same, at: NOW - 7_200_000 }),
      charged(agent, 'GRANT_EXCEEDED', { ...same, at: NOW - 1_000 }),
    ];
    await record(one.store, older, newer);
    await one.memory.refresh();
    expect(one.memory.of(agent, NOW).observations.map(({ id }) => id)).toEqual([newer.observation.id]);
    const found = await one.store.voidOne(agent.org, newer.observation.id, { reason: 'a false alarm', by: 'user:1' });
    expect(found).toEqual({ agent: agent.agent, kind: 'GRANT_EXCEEDED' });
    await one.memory.refresh();
    expect(one.memory.of(agent, NOW).observations.map(({ id }) => id)).toEqual([older.observation.id]);
    await one.store.voidOne(agent.org, older.observation.id, { reason: 'a false alarm', by: 'user:1' });
    await one.memory.refresh();
    expect(one.memory.of(agent, NOW).observations).toEqual([]);
    expect((await replica(models)).memory.of(agent, NOW).observations).toEqual([]);
    expect(await one.store.voidOne(agent.org, anId(), { reason: 'nothing', by: 'user:1' })).toBeUndefined();
  });

  it('stays in the rows: nobody changes or deletes an observation, a void, a statement, a restriction or a snapshot', async () => {
    for (const table of ['observation', 'observation_void', 'posture', 'restriction', 'snapshot'])
      for (const change of [
        `delete from trust.${table}`,
        `update trust.${table} set org_id = org_id`,
        `truncate trust.${table}`,
      ])
        await expect(testing.asSuper(change)).rejects.toThrow('append-only');
  });

  it('is stale when the stream of transitions is not followed, or the rows are not read', async () => {
    const one = await replica(new FakeModels());
    expect(one.memory.fresh()).toBe(true);
    one.lag.heardUntil = NOW - 60_000;
    expect(one.memory.fresh()).toBe(true);
    one.lag.heardUntil = NOW - 60_001;
    expect(one.memory.fresh()).toBe(false);
    one.lag.heardUntil = NOW + 61_000;
    clock.advance(60_001);
    expect(one.memory.fresh()).toBe(false);
    clock.set(NOW);
  });
});

describe('statements', () => {
  it('give points in every replica, the newest of a fact, until they end', async () => {
    const agent = agentRecord();
    const [one, two] = [await replica(new FakeModels()), await replica(new FakeModels())];
    const statements = new StatementStore(database, new SeededRandom('posture'));
    const before = scoreOf(two, agent)[0];
    const scan = { fact: 'SCAN', source: 'ci', observedAt: NOW, by: 'operator:local' } as const;
    const put = async (openHigh: number, expiresAt?: number): Promise<void> => {
      await statements.putPosture(agent, { ...scan, value: { openCritical: 0, openHigh }, expiresAt }, NOW);
      await Promise.all([one.memory.refresh(), two.memory.refresh()]);
    };
    await put(0);
    expect([scoreOf(one, agent)[0], scoreOf(two, agent)[0]]).toEqual([before + 500, before + 500]);
    await put(1);
    expect(scoreOf(two, agent)[0]).toBe(before);
    await put(0, NOW + 5_000);
    expect(scoreOf(two, agent)[0]).toBe(before + 500);
    clock.advance(5_000);
    expect(scoreOf(two, agent)[0]).toBe(before);
    clock.set(NOW);
    expect((await statements.posture(agent)).map(({ fact }) => fact)).toEqual(['SCAN']);
  });

  it('hold an agent under a ceiling or on probation until it ends or is lifted', async () => {
    const models = new FakeModels();
    const agent = agentRecord();
    const one = await replica(models);
    const statements = new StatementStore(database, new SeededRandom('ceiling'));
    const free = scoreOf(one, agent)[0];
    const ceiling = { kind: 'CEILING', score: 1_000, until: NOW + DAY, reason: 'review', by: 'user:1' } as const;
    await statements.restrict(agent, ceiling, NOW);
    await one.memory.refresh();
    expect(scoreOf(one, agent)).toEqual([1_000, 'UNTRUSTED']);
    expect(scoreOf(await replica(models), agent)).toEqual([1_000, 'UNTRUSTED']);
    await statements.restrict(agent, { ...ceiling, score: null, until: null }, NOW);
    await statements.restrict(
      agent,
      { kind: 'PROBATION', score: null, until: NOW + DAY, reason: 'incident', by: 'user:1' },
      NOW,
    );
    await one.memory.refresh();
    expect(scoreOf(one, agent)[0]).toBe(free);
    expect(one.standings.look(agent.org, agent, NOW).breakdown.caps).toContainEqual(
      expect.objectContaining({ cap: 'PROBATION', limit: 4_999, why: 'incident' }),
    );
  });

  it('know the use of grants: least privilege counts it', async () => {
    const models = new FakeModels();
    const agent = agentRecord();
    const connection = anId();
    models.publish(aConnectionRecord({ connection, client: agent, target: anAgent() }));
    models.policy.put(readModelKey.connection(agent.org, connection), {
      kind: 'connection',
      at: formatInstant(NOW - 40 * DAY),
      document: { ...NEUTRAL_POLICY, taskTypes: ['chat', 'code*'], models: [], tools: [] },
    });
    const one = await replica(models);
    const use = { agent, kind: 'taskTypes', entry: 'code_review', at: NOW - DAY, declared: false } as const;
    await one.store.record({ ...NOTHING, uses: [use, { ...use, entry: 'elsewhere' }] });
    await one.memory.refresh();
    expect(one.standings.privilege(agent, NOW)).toEqual({
      wildcard: false,
      granted: 2,
      used: 1,
      unused: ['taskTypes:chat'],
    });
    expect(one.standings.look(agent.org, agent, NOW).breakdown.facts.security).toContainEqual(
      expect.objectContaining({ fact: 'least privilege', points: 200, value: '1 of 2 used in 30 d' }),
    );
  });
});

describe('a person who rejects', () => {
  const key = (agent: AgentRef) => ({ org: agent.org, agent: agent.agent, task: anId() });

  it.each(['the word first', 'the end first', 'both at once'])('charges once when it was unsafe: %s', async (order) => {
    const agent = agentRecord();
    const one = await replica(new FakeModels());
    const attempt = { key: key(agent), attempt: 1 };
    const draft = charged(agent, 'APPROVAL_REJECTED');
    const [word, end] = [
      { ...attempt, unsafe: true },
      { ...attempt, unsafe: false, draft },
    ];
    const batches =
      order === 'the word first' ? [[word], [end]] : order === 'the end first' ? [[end], [word]] : [[word, end]];
    for (const rejections of [...batches, ...batches]) await one.store.record({ ...NOTHING, rejections });
    expect(await testing.asSuper('select kind from trust.observation where agent_id = $1', [agent.agent])).toEqual([
      { kind: 'APPROVAL_REJECTED' },
    ]);
  });

  it('charges nothing when nobody called it unsafe', async () => {
    const agent = agentRecord();
    const one = await replica(new FakeModels());
    const draft = charged(agent, 'APPROVAL_REJECTED');
    await one.store.record({ ...NOTHING, rejections: [{ key: key(agent), attempt: 1, unsafe: false, draft }] });
    expect(await testing.asSuper('select 1 from trust.observation where agent_id = $1', [agent.agent])).toEqual([]);
  });

  it('is no matter of when a task was handed over, which is known until the task ends', async () => {
    const agent = agentRecord();
    const one = await replica(new FakeModels());
    const attempt = { key: key(agent), attempt: 1 };
    const name = `${agent.org}/${agent.agent}/${attempt.key.task}/1`;
    await one.store.record({ ...NOTHING, handOvers: [{ ...attempt, at: NOW }] });
    expect([...(await one.store.handedOver([attempt]))]).toEqual([[name, NOW]]);
    await one.store.record({ ...NOTHING, ended: [attempt] });
    expect([...(await one.store.handedOver([attempt]))]).toEqual([]);
  });
});

describe('an agent that was revoked', () => {
  it('leaves its violations to whoever comes under its name or its software, in every replica and after a restart', async () => {
    const models = new FakeModels();
    const old = agentRecord({ name: 'writer' });
    const digest = `sha256:${'b'.repeat(64)}`;
    const stated = {
      fact: 'SOFTWARE_DIGEST',
      value: { digest, allowListed: true },
      source: 'ci',
      observedAt: NOW,
      expiresAt: undefined,
      by: 'op',
    } as const;
    const statements = new StatementStore(database, new SeededRandom('lineage'));
    const [one, two] = [await replica(models), await replica(models)];
    await statements.putPosture(old, stated, NOW);
    await record(one.store, charged(old, 'GRANT_EXCEEDED'), charged(old, 'GRANT_EXCEEDED'));
    await Promise.all([one.memory.refresh(), two.memory.refresh()]);
    models.publish({ ...old, version: 2, status: 'REVOKED', at: formatInstant(NOW) });
    await one.memory.refresh();
    await until(
      async () => (await testing.asSuper('select 1 from trust.lineage where agent_id = $1', [old.agent])).length === 2,
    );
    await Promise.all([one.memory.refresh(), two.memory.refresh()]);
    const registeredAt = formatInstant(NOW + 1);
    const byName = agentRecord({ org: old.org, name: 'writer', registeredAt });
    const bySoftware = agentRecord({ org: old.org, name: 'other', registeredAt });
    const stranger = agentRecord({ org: old.org, name: 'other', owner: 'somebody else', registeredAt });
    for (const agent of [bySoftware, stranger]) await statements.putPosture(agent, stated, NOW);
    const restarted = await replica(models);
    for (const each of [one, two, restarted]) {
      await each.memory.refresh();
      const inherited = (agent: AgentRecord): number =>
        each.standings.look(agent.org, agent, NOW).breakdown.masses.inherited;
      expect(inherited(byName)).toBeCloseTo(16, 2);
      expect(inherited(bySoftware)).toBe(inherited(byName));
      expect(inherited(stranger)).toBe(0);
      expect(scoreOf(each, byName)).toEqual([2_499, 'UNTRUSTED']);
    }
  });

  it('is remembered anew when more of what it did comes to light', async () => {
    const models = new FakeModels();
    const old = agentRecord({ name: 'late' });
    const one = await replica(models);
    models.publish({
      ...old,
      version: 2,
      status: 'DECOMMISSIONED',
      at: formatInstant(NOW - 5_000),
    });
    await one.memory.refresh();
    await record(one.store, charged(old, 'CANARY_LEAK', { at: NOW - 2_000 }));
    await one.memory.refresh();
    await until(
      async () => (await testing.asSuper('select 1 from trust.lineage where agent_id = $1', [old.agent])).length === 1,
    );
    const [row] = await testing.asSuper<{ negative_mass: number }>(
      'select negative_mass from trust.lineage where agent_id = $1',
      [old.agent],
    );
    expect(row?.negative_mass).toBeCloseTo(25, 3);
  });
});

describe('snapshots', () => {
  const kept = (agent: AgentRef): Promise<{ trigger: string; score: number }[]> =>
    testing.asSuper('select trigger, score from trust.snapshot where agent_id = $1 order by at', [agent.agent]);

  it('are kept at first, when a score moves by a point or a level changes, and once a day; once for all replicas', async () => {
    const models = new FakeModels();
    const agent = agentRecord();
    const [one, two] = [await replica(models), await replica(models)];
    const look = async (count: number): Promise<void> => {
      for (const each of [one, two]) {
        await each.memory.refresh();
        each.standings.standing(agent.org, agent, clock.now());
      }
      await until(async () => (await kept(agent)).length >= count);
      await settled();
    };
    await look(1);
    clock.advance(10_000);
    await look(1);
    await record(one.store, charged(agent, 'POLICY_SCOPE_VIOLATION', { at: clock.now() }));
    await look(2);
    clock.advance(10_000);
    await record(
      one.store,
      charged(agent, 'GRANT_EXCEEDED', { at: clock.now() }),
      charged(agent, 'GRANT_EXCEEDED', { at: clock.now() }),
    );
    await look(3);
    clock.advance(DAY);
    await look(4);
    expect((await kept(agent)).map(({ trigger }) => trigger)).toEqual(['FIRST', 'SCORE', 'LEVEL', 'DAILY']);
    const history = await new StandingStore(database).history(agent.org, agent.agent, 2);
    expect(history.map(({ trigger }) => trigger)).toEqual(['DAILY', 'LEVEL']);
    clock.set(NOW);
  });

  it('are not kept, nor is a level, by whoever only looks', async () => {
    const agent = agentRecord();
    const one = await replica(new FakeModels());
    one.standings.look(agent.org, agent, NOW);
    await settled();
    expect(await kept(agent)).toEqual([]);
    expect(await testing.asSuper('select 1 from trust.level_state where agent_id = $1', [agent.agent])).toEqual([]);
  });
});
