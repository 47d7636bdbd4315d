import { NoMetrics } from '@countersign/telemetry';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  COMMANDS,
  NEUTRAL_POLICY,
  readModelKey,
  type BudgetScope,
  type OrgRecord,
  type PolicyRecord,
} from '@countersign/contracts';
import type { CommandContext } from '@countersign/bus';
import type { ReadModels } from '@countersign/service-host';
import { anId, FixedClock, silentLogger, testDatabase, type TestDatabase } from '@countersign/testing';
import { budgetMigrations } from '../../migrations/index.js';
import { BudgetReports } from '../out/budget.reports.js';
import { CalendarStore } from '../out/calendar.store.js';
import { LedgerStore } from '../out/ledger.store.js';
import { BudgetScopes } from './budget-scopes.js';
import { OwnerCommands } from './owner-commands.controller.js';

const HEAD = { v: 1, version: 1, at: '2026-03-02T10:00:00.000Z' } as const;
const CAP = '100000000';

let database: TestDatabase;
let reports: BudgetReports;
let commands: OwnerCommands;
let org: string;
let scope: BudgetScope;
const clock = new FixedClock();
const registry = new Map<string, OrgRecord>();
const policy = new Map<string, PolicyRecord>();

beforeAll(async () => {
  database = await testDatabase('budget', budgetMigrations);
  const opened = await database.open();
  reports = new BudgetReports(opened);
  const models = { registry, policy } as unknown as ReadModels;
  const ledger = new LedgerStore(opened, silentLogger('budget'), new NoMetrics());
  commands = new OwnerCommands(models, new BudgetScopes(models), new CalendarStore(opened), ledger, reports, clock);
});
beforeEach(() => {
  org = anId();
  scope = { type: 'ORG', id: org };
  const rest = { status: 'ACTIVE', killSwitch: false, currency: 'USD', zone: 'UTC' } as const;
  registry.set(readModelKey.org(org), { ...HEAD, kind: 'org', org, name: 'acme', ...rest });
  cap(CAP);
});
afterAll(() => database.drop());

function cap(monthlyCapMicros: string | null, policyVersion = 1): void {
  const limits = { denyRules: [], trustFloor: null, maxHops: 4, maxVisits: 1, maxChildren: 20, maxTreeTasks: 200 };
  const document = { ...NEUTRAL_POLICY, ...limits, monthlyCapMicros };
  const record: PolicyRecord = { ...HEAD, kind: 'org', org, policyVersion, author: 'operator:local', document };
  policy.set(readModelKey.org(org), record);
}

const by = (idempotencyKey = anId()): CommandContext => ({
  actor: { kind: 'operator', id: 'local' },
  idempotencyKey,
  signer: 'operator',
});
const topup = (micros: string, context = by()): ReturnType<OwnerCommands['topup']> =>
  commands.topup({ org, scope, micros, reason: 'month end' }, context);
const reset = (): ReturnType<OwnerCommands['reset']> => commands.reset({ org, scope, reason: 'new contract' }, by());

describe('an owner', () => {
  it('tops the running period up, before anything was spent in it too', async () => {
    const { budget } = await topup('5000000');
    expect(budget).toMatchObject({ period: '2026-03', limitMicros: CAP, topupMicros: '5000000' });
    expect(await reports.differences(org)).toEqual([]);
  });

  it('tops up once under one key', async () => {
    const context = by();
    for (let i = 0; i < 3; i += 1) await topup('5000000', context);
    const { budget } = await topup('1000000');
    expect(budget.topupMicros).toBe('6000000');
  });

  it('leaves who and why in the ledger', async () => {
    await topup('5000000');
    const rows = await database.asSuper(
      "select actor, reason from budget.ledger_entry where org_id = $1 and kind = 'TOPUP'",
      [org],
    );
    expect(rows).toEqual([{ actor: 'operator:local', reason: 'month end' }]);
  });

  it('cannot top up what has no cap', async () => {
    cap(null, 2);
    await expect(topup('5000000')).rejects.toMatchObject({ code: 'REQUEST_INVALID', field: 'scope' });
  });

  it('cannot name a budget that the organisation does not have', async () => {
    for (const type of ['ORG', 'AGENT', 'CONNECTION'] as const) {
      const stranger = { org, scope: { type, id: anId() }, micros: '1', reason: 'because' };
      await expect(commands.topup(stranger, by())).rejects.toMatchObject({ code: 'NOT_FOUND', field: 'scope.id' });
    }
  });

  it('resets a period once; a second time needs a second person', async () => {
    await reset();
    await expect(reset()).rejects.toMatchObject({ code: 'FOUR_EYES_REQUIRED' });
    expect(await reports.differences(org)).toEqual([]);
  });

  it.each(['0', '-1', '1.5', '', '01', '9223372036854775808'])('is told that %p is no amount to add', (micros) => {
    const parsed = COMMANDS.budget.topup.request.safeParse({ org, scope, micros, reason: 'month end' });
    expect(parsed.error?.issues[0]?.path).toEqual(['micros']);
  });

  it('has to say why', () => {
    const parsed = COMMANDS.budget.reset.request.safeParse({ org, scope, reason: '  ' });
    expect(parsed.error?.issues[0]?.message).toBe('must say why, in at least 3 characters');
  });
});
