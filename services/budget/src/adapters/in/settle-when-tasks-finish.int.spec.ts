import { NoMetrics, NoTracer } from '@countersign/telemetry';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  correctedItemSchema,
  finishedItemSchema,
  type FinishedItem,
  type TaskKey,
  type TransitionItem,
} from '@countersign/contracts';
import type { ReceivedItem } from '@countersign/bus';
import { FixedClock, aTaskKey, silentLogger, testDatabase, type TestDatabase } from '@countersign/testing';
import { budgetMigrations } from '../../migrations/index.js';
import type { ScopeKey } from '../../domain/accounts.js';
import { BudgetReports } from '../out/budget.reports.js';
import { LedgerStore } from '../out/ledger.store.js';
import { SettleWhenTasksFinish } from './settle-when-tasks-finish.consumer.js';

const HELD = 10_000_000n;

let database: TestDatabase;
let ledger: LedgerStore;
let reports: BudgetReports;
let consumer: SettleWhenTasksFinish;

beforeAll(async () => {
  database = await testDatabase('budget', budgetMigrations);
  const opened = await database.open();
  ledger = new LedgerStore(opened, silentLogger('budget'), new NoMetrics());
  reports = new BudgetReports(opened);
  consumer = new SettleWhenTasksFinish(ledger, new FixedClock(), silentLogger('budget'), new NoTracer());
});
afterAll(() => database.drop());

async function reserve(key: TaskKey, attempt = 1): Promise<string> {
  const scopes: readonly ScopeKey[] = [{ org: key.org, type: 'ORG', id: key.org, period: '2026-11' }];
  const scope = {
    attempts: [{ key, attempt }],
    accounts: scopes.map((s) => ({ key: s, caps: { policy: { version: 0, micros: undefined } } })),
  };
  const request = {
    key,
    attempt,
    round: 1,
    scopes,
    amount: HELD,
    priceBookVersion: 1,
    expiresAt: Date.UTC(2030, 0),
    today: '2026-11-15',
  };
  const outcome = await ledger.run(scope, (locked) => locked.reserve(request));
  return outcome.ok ? outcome.reservation.state : outcome.code;
}

function finished(key: TaskKey, parts: Partial<FinishedItem>): ReceivedItem<TransitionItem> {
  const item = finishedItemSchema.parse({
    type: 'finished',
    nonce: 'AAAAAAAAAAAAAAAAAAAAAA',
    task: { org: key.org, agent: key.agent, id: key.task },
    attempt: 1,
    round: 1,
    digest: `sha256:${'1'.repeat(64)}`,
    at: '2026-11-24T10:00:00.000Z',
    state: 'COMPLETED',
    codes: [],
    claimed: true,
    facts: {},
    ...parts,
  });
  return { item } as ReceivedItem<TransitionItem>;
}

function corrected(key: TaskKey, chargedMicros: string): ReceivedItem<TransitionItem> {
  const item = correctedItemSchema.parse({
    type: 'corrected',
    nonce: 'AAAAAAAAAAAAAAAAAAAAAA',
    task: { org: key.org, agent: key.agent, id: key.task },
    attempt: 1,
    round: 1,
    digest: `sha256:${'1'.repeat(64)}`,
    at: '2026-11-24T10:00:00.000Z',
    usage: [],
    chargedMicros,
  });
  return { item } as ReceivedItem<TransitionItem>;
}

const money = async (key: TaskKey): Promise<readonly string[]> => {
  expect(await reports.differences(key.org)).toEqual([]);
  return (await reports.holds(key)).map((h) => `${h.attempt} ${h.state} ${h.settled_micros ?? '-'} ${h.source ?? '-'}`);
};

describe('the end of a task', () => {
  it.each<readonly [what: string, parts: Partial<FinishedItem>, is: string]>([
    ['releases what was denied', { state: 'DENIED', claimed: false }, '1 RELEASED - -'],
    [
      'releases what was never handed over, whatever it is charged',
      { claimed: false, chargedMicros: '5' },
      '1 RELEASED - -',
    ],
    ['settles what was charged', { chargedMicros: '7500001' }, '1 SETTLED 7500001 REPORTED'],
    ['settles a charge of nothing at nothing', { chargedMicros: '0' }, '1 SETTLED 0 REPORTED'],
    ['settles a charge above the hold in full', { chargedMicros: '15000000' }, '1 SETTLED 15000000 REPORTED'],
    ['settles a result without a charge at what was held', { state: 'FAILED' }, '1 SETTLED 10000000 ASSUMED'],
    ['leaves an end without a result to the sweeper', { state: 'EXPIRED' }, '1 HELD - -'],
  ])('%s', async (_what, parts, is) => {
    const key = aTaskKey();
    await reserve(key);
    await consumer.settle([finished(key, parts)]);
    expect(await money(key)).toEqual([is]);
  });

  it('counts once, however often it is told and whatever is told afterwards', async () => {
    const key = aTaskKey();
    await reserve(key);
    const end = finished(key, { chargedMicros: '4000000' });
    await consumer.settle([end, end]);
    await Promise.all([consumer.settle([end]), consumer.settle([finished(key, { claimed: false })])]);
    expect(await money(key)).toEqual(['1 SETTLED 4000000 REPORTED']);
  });

  it('that is heard before the reservation leaves nothing to be held', async () => {
    const key = aTaskKey();
    await consumer.settle([finished(key, { state: 'DENIED', claimed: false })]);
    expect(await reserve(key)).toBe('RESERVATION_RELEASED');
    expect(await money(key)).toEqual(['1 RELEASED - -']);
  });

  it.each<readonly [what: string, parts: Partial<FinishedItem>, is: string]>([
    ['was charged', { chargedMicros: '3000000' }, '2 SETTLED 3000000 REPORTED'],
    ['was denied before budget could judge it', { state: 'DENIED', claimed: false }, '2 RELEASED - -'],
  ])('frees nothing of an attempt that was executed before the one that %s', async (_what, parts, is) => {
    const key = aTaskKey();
    await reserve(key, 1);
    await reserve(key, 2);
    await consumer.settle([finished(key, { attempt: 2, ...parts })]);
    expect(await money(key)).toEqual(['1 HELD - -', is]);
  });

  it('is the end of that task alone in a batch of many', async () => {
    const [mine, other, ended] = [aTaskKey(), aTaskKey(), aTaskKey()];
    for (const key of [mine, other, ended]) await reserve(key);
    await consumer.settle([
      finished(mine, { chargedMicros: '1' }),
      finished(ended, { state: 'DENIED', claimed: false }),
    ]);
    expect([await money(mine), await money(other), await money(ended)]).toEqual([
      ['1 SETTLED 1 REPORTED'],
      ['1 HELD - -'],
      ['1 RELEASED - -'],
    ]);
  });
});

describe('a cost that is told after the end', () => {
  const held = async (): Promise<TaskKey> => {
    const key = aTaskKey();
    await reserve(key);
    return key;
  };
  const booked = async (key: TaskKey): Promise<bigint | undefined> => {
    await money(key);
    return (await reports.budgets(key.org))[0]?.spent_micros;
  };

  it('raises what was assumed, once', async () => {
    const key = await held();
    await consumer.settle([finished(key, { state: 'FAILED' }), corrected(key, '12000000')]);
    await consumer.settle([corrected(key, '12000000'), corrected(key, '11000000')]);
    expect([await money(key), await booked(key)]).toEqual([['1 SETTLED 10000000 ASSUMED'], 12_000_000n]);
    expect((await reports.events(key.org, 10)).map(({ micros }) => micros)).toEqual(['2000000']);
  });

  it('never lowers what was assumed, because nothing is metered', async () => {
    const key = await held();
    await consumer.settle([finished(key, { state: 'FAILED' }), corrected(key, '1')]);
    expect(await booked(key)).toBe(HELD);
  });

  it('settles a hold that the sweeper has not come to', async () => {
    const key = await held();
    await consumer.settle([finished(key, { state: 'EXPIRED' }), corrected(key, '4000000')]);
    expect([await money(key), await booked(key)]).toEqual([['1 SETTLED 4000000 REPORTED'], 4_000_000n]);
  });

  it('books nothing for what was never handed over', async () => {
    const key = await held();
    await consumer.settle([finished(key, { state: 'DENIED', claimed: false }), corrected(key, '4000000')]);
    expect([await money(key), await booked(key)]).toEqual([['1 RELEASED - -'], 0n]);
  });
});
