import { NoMetrics } from '@countersign/telemetry';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  NEUTRAL_POLICY,
  NEUTRAL_SURFACE,
  readModelKey,
  type AgentRecord,
  type ConnectionRecord,
  type OrgRecord,
  type Policy,
  type PolicyRecord,
  type PriceBookRecord,
  type PriceEntry,
  type RoundLine,
  type Surface,
  type TaskData,
} from '@countersign/contracts';
import type { Judgement, TaskMessage } from '@countersign/bus';
import type { ReadModels } from '@countersign/service-host';
import {
  anId,
  aTaskKey,
  aTaskMessage,
  FixedClock,
  silentLogger,
  testDatabase,
  type TestDatabase,
} from '@countersign/testing';
import { budgetMigrations } from '../../migrations/index.js';
import { BudgetReports } from '../out/budget.reports.js';
import { CalendarStore } from '../out/calendar.store.js';
import { LedgerStore } from '../out/ledger.store.js';
import { BudgetScopes } from './budget-scopes.js';
import { ReservationRequests } from './reservation-requests.js';
import { ReserveWhenTasksSubmitted } from './reserve-when-tasks-submitted.consumer.js';

const HEAD = { v: 1, version: 1, at: '2026-03-02T10:00:00.000Z' } as const;
const MODEL: PriceEntry = {
  kind: 'model',
  name: 'sonnet',
  tierMinTokens: 0,
  inputMicrosPerMtok: '3000000',
  outputMicrosPerMtok: '15000000',
  cachedInputMicrosPerMtok: '37500',
  requestMicros: '0',
};
/** Far ahead: what is held is not overdue by the database's clock. */
const NOW = Date.UTC(2096, 2, 2, 10);
const SPEND = { models: ['sonnet'], maxInputTokens: 1234, maxOutputTokens: 567 };

let database: TestDatabase;
let reports: BudgetReports;
let ledger: LedgerStore;
let calendar: CalendarStore;

beforeAll(async () => {
  database = await testDatabase('budget', budgetMigrations);
  const opened = await database.open();
  reports = new BudgetReports(opened);
  ledger = new LedgerStore(opened, silentLogger('budget'), new NoMetrics());
  calendar = new CalendarStore(opened);
});
afterAll(() => database.drop());

/** The read models of one client with a connection to a target and one to its backup, as a test changes them. */
class World {
  readonly clock = new FixedClock(NOW);
  readonly org = anId();
  readonly client = anId();
  readonly target = anId();
  readonly backup = anId();
  readonly connection = anId();
  readonly backupConnection = anId();
  readonly #registry = new Map<string, object>();
  readonly #policy = new Map<string, PolicyRecord>();
  readonly #budget = new Map<string, PriceBookRecord>();

  constructor() {
    const { org } = this;
    this.#registry.set(readModelKey.org(org), orgRecord(org));
    for (const agent of [this.client, this.target, this.backup]) this.surface(agent, {});
    this.#connect(this.connection, this.target);
    this.#connect(this.backupConnection, this.backup);
  }

  #connect(connection: string, target: string): void {
    const record: ConnectionRecord = {
      ...HEAD,
      kind: 'connection',
      connection,
      client: { org: this.org, agent: this.client },
      target: { org: this.org, agent: target },
      status: 'ACTIVE',
      epoch: 0,
      handOver: 'AT_MOST_ONCE',
      sandbox: false,
      requiredApprovals: 1,
    };
    this.#registry.set(readModelKey.connection(this.org, connection), record);
  }

  surface(agent: string, parts: Partial<Surface>): void {
    const { org } = this;
    this.#registry.set(readModelKey.agent({ org, agent }), agentRecord(org, agent, { ...NEUTRAL_SURFACE, ...parts }));
  }

  policy(of: 'agent' | 'connection', parts: Partial<Policy>, policyVersion = 1): void {
    const { org, client, connection } = this;
    const head = { ...HEAD, policyVersion, author: 'operator:local', org, document: { ...NEUTRAL_POLICY, ...parts } };
    if (of === 'agent')
      this.#policy.set(readModelKey.agent({ org, agent: client }), { ...head, kind: 'agent', agent: client });
    else this.#policy.set(readModelKey.connection(org, connection), { ...head, kind: 'connection', connection });
  }

  prices(version: number, entries: readonly PriceEntry[], currency = 'USD'): void {
    const book: PriceBookRecord = { ...HEAD, version, kind: 'prices', currency, entries: [...entries] };
    this.#budget.set(readModelKey.prices(version), book);
  }

  consumer(): ReserveWhenTasksSubmitted {
    const model = (records: Map<string, object>): object => ({
      get: (key: string) => records.get(key),
      entries: () => records.entries(),
      onChange: () => undefined,
    });
    const parts = { registry: this.#registry, policy: this.#policy, budget: this.#budget };
    const models = Object.fromEntries(Object.entries(parts).map(([name, records]) => [name, model(records)]));
    const readModels = models as unknown as ReadModels;
    const requests = new ReservationRequests(readModels, new BudgetScopes(readModels), calendar, this.clock);
    return new ReserveWhenTasksSubmitted(requests, ledger, new NoMetrics());
  }

  task(data: Partial<TaskData> = {}): TaskMessage {
    const key = aTaskKey({ org: this.org, agent: this.client, at: NOW });
    return aTaskMessage({ key, data: { target: this.target, ...data } });
  }

  later(message: TaskMessage, line: Partial<RoundLine>): TaskMessage {
    const { attempt = 1, round = 2 } = line;
    const base: RoundLine = {
      v: 1,
      task: message.key.task,
      digest: message.digest,
      covered: [],
      at: HEAD.at,
      attempt,
      round,
      connection: this.connection,
    };
    return { ...message, attempt, round, roundLine: { ...base, ...line } };
  }

  async judge(...tasks: readonly TaskMessage[]): Promise<readonly string[]> {
    return (await this.consumer().judge(tasks)).map(said);
  }

  async held(): Promise<readonly string[]> {
    expect(await reports.differences(this.org)).toEqual([]);
    const rows = await reports.budgets(this.org);
    return rows.map(
      (row) => `${row.scope_type} ${row.scope_id === this.backupConnection ? 'backup ' : ''}${row.reserved_micros}`,
    );
  }
}

function orgRecord(org: string): OrgRecord {
  return { ...HEAD, kind: 'org', org, name: 'acme', status: 'ACTIVE', killSwitch: false, currency: 'USD', zone: 'UTC' };
}

function agentRecord(org: string, agent: string, surface: Surface): AgentRecord {
  return {
    ...HEAD,
    kind: 'agent',
    org,
    agent,
    name: 'an-agent',
    status: 'ACTIVE',
    epoch: 0,
    communication: true,
    mayOriginate: true,
    surface,
    owner: 'team',
    registeredBy: 'operator:local',
    registration: 'OPERATOR',
    registeredAt: HEAD.at,
    credentials: [],
  };
}

const said = ({ decision, codes, estimateMicros }: Judgement): string =>
  [decision, ...codes.map(({ code }) => code), ...(estimateMicros === undefined ? [] : [estimateMicros])].join(' ');

describe('budget judges a task', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
    world.prices(1, [MODEL]);
  });

  it('and holds what it may cost at most on all three budgets', async () => {
    expect(await world.judge(world.task(SPEND))).toEqual(['APPROVE 12207']);
    expect(await world.held()).toEqual(['AGENT 12207', 'CONNECTION 12207', 'ORG 12207']);
  });

  it("by the organisation's own prices where it has some", async () => {
    world.prices(2, [MODEL, { ...MODEL, org: world.org, inputMicrosPerMtok: '0' }]);
    expect(await world.judge(world.task(SPEND))).toEqual(['APPROVE 8505']);
  });

  it.each<readonly [string, Partial<Policy>, Partial<TaskData>, string]>([
    [
      'a cap and a model without a price',
      { monthlyCapMicros: '100' },
      { ...SPEND, models: ['other'] },
      'DENY COST_MODEL_UNPRICED',
    ],
    [
      'a cap and no numbers of tokens',
      { monthlyCapMicros: '100' },
      { models: ['sonnet'] },
      'DENY COST_ESTIMATE_MISSING',
    ],
    [
      'a limit per task and a model without a price',
      { maxCostMicros: '100' },
      { ...SPEND, models: ['other'] },
      'DENY COST_MODEL_UNPRICED',
    ],
    [
      'a threshold and no numbers of tokens',
      { approvalAboveMicros: '100' },
      { models: ['sonnet'] },
      'DENY COST_ESTIMATE_MISSING',
    ],
    [
      'a daily threshold and no numbers of tokens',
      { approvalAbovePerDayMicros: '100' },
      { models: ['sonnet'] },
      'DENY COST_ESTIMATE_MISSING',
    ],
    ['no rule about cost and no price', {}, { ...SPEND, models: ['other'] }, 'APPROVE'],
  ])('with %s', async (_what, policy, data, is) => {
    world.policy('connection', policy);
    expect(await world.judge(world.task(data))).toEqual([is]);
  });

  it("with a cap of the target's surface and no price", async () => {
    world.surface(world.target, { maxCostMicros: '100' });
    expect(await world.judge(world.task({ ...SPEND, models: ['other'] }))).toEqual(['DENY COST_MODEL_UNPRICED']);
  });

  it('and denies prices in another currency', async () => {
    world.prices(2, [MODEL], 'EUR');
    expect(await world.judge(world.task(SPEND))).toEqual(['DENY COST_CURRENCY_MISMATCH']);
    expect(await world.held()).toEqual([]);
  });

  it('and holds the lower cap of policy and surface against the agent', async () => {
    world.policy('agent', { monthlyCapMicros: '50000' });
    world.surface(world.client, { monthlyCapMicros: '20000' });
    expect(await world.judge(world.task(SPEND), world.task(SPEND))).toEqual([
      'APPROVE 12207',
      'DENY BUDGET_AGENT_EXHAUSTED 12207',
    ]);
  });

  it('and tells how each budget stood and what is left', async () => {
    world.policy('connection', { monthlyCapMicros: '20000' });
    const [approved, refused] = await world.consumer().judge([world.task(SPEND), world.task(SPEND)]);
    const scopes = (details: Judgement['details']): unknown => details?.['scopes'];
    const any = { period: '2096-03', limitMicros: null, topupMicros: '0', remainingMicros: null };
    const capped = { ...any, limitMicros: '20000', scope: 'CONNECTION' };
    expect(scopes(approved?.details)).toEqual([
      { ...any, scope: 'ORG', committedMicros: '0' },
      { ...any, scope: 'AGENT', committedMicros: '0' },
      { ...capped, committedMicros: '0', remainingMicros: '7793' },
    ]);
    expect(scopes(refused?.details)).toEqual([
      { ...any, scope: 'ORG', committedMicros: '12207' },
      { ...any, scope: 'AGENT', committedMicros: '12207' },
      { ...capped, committedMicros: '12207', remainingMicros: '7793' },
    ]);
  });

  it('and asks a person above the lowest daily threshold, while the money is held', async () => {
    world.policy('agent', { approvalAbovePerDayMicros: '20000' });
    world.policy('connection', { approvalAbovePerDayMicros: '90000' });
    const [first, second] = [world.task(SPEND), world.task(SPEND)];
    const asked = 'ESCALATE APPROVAL_DAILY_ABOVE_THRESHOLD 12207';
    expect(await world.judge(first, second)).toEqual(['APPROVE 12207', asked]);
    expect(await world.held()).toEqual(['AGENT 24414', 'CONNECTION 24414', 'ORG 24414']);
    // also in a round that no person stands behind
    expect(await world.judge(second, world.later(second, {}))).toEqual([asked, asked]);
    world.clock.advance(24 * 3_600_000);
    expect(await world.judge(world.task(SPEND))).toEqual(['APPROVE 12207']);
  });

  it('and keeps amount and price book of the first hold, whatever the prices are when it is judged again', async () => {
    const task = world.task(SPEND);
    await world.judge(task);
    world.prices(2, [{ ...MODEL, inputMicrosPerMtok: '9000000' }], 'EUR');
    const [again] = await world.consumer().judge([world.later(task, { estimateMicros: '12207', priceBookVersion: 1 })]);
    expect([again?.decision, again?.estimateMicros, again?.priceBookVersion]).toEqual(['APPROVE', '12207', 1]);
    world.prices(3, [{ ...MODEL, inputMicrosPerMtok: '9000000' }]);
    expect(await world.judge(task)).toEqual(['APPROVE 12207']);
  });

  it('and gives the money of an attempt to the one that replaces it, on the connection that the dispatcher signed', async () => {
    const task = world.task(SPEND);
    await world.judge(task);
    const line = { attempt: 2, round: 1, connection: world.backupConnection } as const;
    const backup = world.later(task, { ...line, replaces: { attempt: 1, how: 'RELEASE' } });
    expect(await world.judge(backup)).toEqual(['APPROVE 12207']);
    expect([...(await world.held())].sort()).toEqual([
      'AGENT 12207',
      'CONNECTION 0',
      'CONNECTION backup 12207',
      'ORG 12207',
    ]);
  });

  it('and denies a round over a connection of somebody else', async () => {
    const task = world.task(SPEND);
    expect(await world.judge(world.later(task, { connection: anId() }))).toEqual(['DENY CONNECTION_NOT_FOUND']);
  });

  it('and answers a dry run as it would answer the task, without any effect', async () => {
    world.policy('connection', { monthlyCapMicros: '20000', approvalAbovePerDayMicros: '12207' });
    const dry = async (data: Partial<TaskData>): Promise<string> => {
      const { key, body } = world.task(data);
      return said(await world.consumer().dryRun({ task: key, envelope: body.toString('base64') }));
    };
    expect(await dry(SPEND)).toBe('APPROVE 12207');
    expect(await world.held()).toEqual([]);
    await world.judge(world.task(SPEND));
    expect(await dry(SPEND)).toBe('DENY BUDGET_CONNECTION_EXHAUSTED 12207');
    expect(await dry({ maxCostMicros: '1' })).toBe('ESCALATE APPROVAL_DAILY_ABOVE_THRESHOLD 1');
    expect(await world.held()).toEqual(['AGENT 12207', 'CONNECTION 12207', 'ORG 12207']);
    const none = { task: world.task().key, envelope: Buffer.from('no envelope').toString('base64') };
    expect(said(await world.consumer().dryRun(none))).toBe('DENY ENVELOPE_INVALID');
  });
});
