import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TaskKey } from '@countersign/contracts';
import { anId, aTaskKey, testDatabase, type TestDatabase } from '@countersign/testing';
import { parse } from 'yaml';
import { RatesUnavailable } from '../../application/rates.js';
import type { RateOutcome } from '../../domain/clauses/230-rate.js';
import type { RateRequest, RateRule, RateScope } from '../../domain/rate-log.js';
import { policyMigrations } from '../../migrations/index.js';
import { PostgresRates } from './postgres-rates.js';

type Limits = Readonly<Partial<Record<'minute' | 'hour', number>>>;
interface Step {
  readonly at: number | readonly number[];
  readonly limits?: Limits;
  readonly full?: string;
  readonly retryAfterMs?: number | null;
  readonly otherOrganisation?: boolean;
}
interface Case {
  readonly name: string;
  readonly limits: Limits;
  readonly steps: readonly Step[];
}

const CASES = parse(
  readFileSync(join(import.meta.dirname, '..', '..', '..', 'cases', 'rate-limits.yaml'), 'utf8'),
) as readonly Case[];
const PERIOD_MS = { minute: 60_000, hour: 3_600_000 } as const;
const ADMITTED: RateOutcome = { kind: 'admitted' };

let database: TestDatabase;
let rates: PostgresRates;

beforeAll(async () => {
  database = await testDatabase('policy', policyMigrations);
  rates = new PostgresRates(await database.open());
});
afterAll(() => database.drop());

function scope(parts: Partial<RateScope> = {}): RateScope {
  return { org: anId(), kind: 'connection', id: anId(), ...parts };
}

function rule(at: RateScope, parts: Partial<RateRule> = {}): RateRule {
  return { scope: at, level: 'connection', rule: 'minute', limit: 10, periodMs: 60_000, ...parts };
}

function request(rules: readonly RateRule[], key: Partial<TaskKey> = {}, attempt = 1): RateRequest {
  return { key: aTaskKey({ org: rules[0]?.scope.org ?? anId(), ...key }), attempt, rules };
}

const rulesOf = (limits: Limits, at: RateScope): readonly RateRule[] =>
  (['hour', 'minute'] as const).flatMap((name) => {
    const limit = limits[name];
    return limit === undefined ? [] : [rule(at, { rule: name, limit, periodMs: PERIOD_MS[name] })];
  });

async function slotsOf({ id }: RateScope): Promise<number> {
  const [row] = await database.asSuper<{ n: number }>(
    'select seq::int as n from policy.rate_state where scope_id = $1 and rule = $2',
    [id, 'minute'],
  );
  return row?.n ?? 0;
}

describe('admissions by the clock of the database', () => {
  it('are exact over three replicas and eight workers', async () => {
    await database.asSuper('create table policy.seen (n bigint, at timestamptz)');
    await database.asSuper('grant insert on policy.seen to policy_app');
    await database.asSuper(
      "create function policy.note() returns trigger language plpgsql as 'begin insert into policy.seen values (new.n, new.at); return new; end'",
    );
    await database.asSuper(
      "create trigger note after insert on policy.rate_slot for each row when (new.rule = 'b') execute function policy.note()",
    );
    const replicas = await Promise.all([1, 2, 3].map(async () => new PostgresRates(await database.open({ max: 3 }))));
    const at = scope();
    const rules = [
      rule(at, { rule: 'a', limit: 20, periodMs: 300 }),
      rule(at, { rule: 'b', limit: 100, periodMs: 2_000 }),
    ];
    // more at once than fit, so that the limit is reached however slow this machine is
    const burst = (await replicas[0]?.admit(Array.from({ length: 30 }, () => request(rules)))) ?? [];
    let admitted = burst.filter(({ kind }) => kind === 'admitted').length;
    expect(admitted).toBe(20);
    const worker = async (replica: PostgresRates | undefined): Promise<void> => {
      while (admitted < 200) {
        const outcomes = (await replica?.admit([request(rules), request(rules)])) ?? [];
        admitted += outcomes.filter(({ kind }) => kind === 'admitted').length;
        if (outcomes.some(({ kind }) => kind === 'limited')) await new Promise((resume) => setTimeout(resume, 20));
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, i) => worker(replicas[i % 3])));
    const seen = await database.asSuper<{ us: string }>(
      'select (extract(epoch from at) * 1000000)::bigint::text as us from policy.seen order by at, n',
    );
    const times = seen.map(({ us }) => Number(us));
    const most = (ms: number): number =>
      Math.max(...times.map((from, i) => times.slice(i).filter((other) => other - from < ms * 1_000).length));
    expect({ recorded: times.length, in300ms: most(300) }).toEqual({ recorded: admitted, in300ms: 20 });
    expect(most(2_000)).toBeLessThanOrEqual(100);
  }, 60_000);

  it('number one attempt once, however many replicas judge it at the same moment', async () => {
    const replicas = await Promise.all([1, 2, 3].map(async () => new PostgresRates(await database.open({ max: 2 }))));
    const at = scope();
    const one = request([rule(at)]);
    const outcomes = await Promise.all(replicas.map((replica) => replica.admit([one])));
    expect(outcomes).toEqual([[ADMITTED], [ADMITTED], [ADMITTED]]);
    expect(await slotsOf(at)).toBe(1);
  });
});

describe('admissions of a batch', () => {
  it('are given in the order of arrival', async () => {
    const at = scope();
    const outcomes = await rates.admit(Array.from({ length: 5 }, () => request([rule(at, { limit: 3 })])));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['admitted', 'admitted', 'admitted', 'limited', 'limited']);
  });

  it('count at every level or at none', async () => {
    const [connection, other] = [scope(), scope()];
    const agent = scope({ org: connection.org, kind: 'agent' });
    const full = rule(agent, { level: 'client', limit: 1 });
    await rates.admit([request([rule(other), full], { org: connection.org })]);
    const [outcome] = await rates.admit([request([rule(connection), full])]);
    expect(outcome).toMatchObject({ kind: 'limited', full: [{ level: 'client', rule: 'minute', limit: 1 }] });
    expect(await slotsOf(connection)).toBe(0);
  });

  it('count strangers apart from what the organisation itself sends', async () => {
    const org = anId();
    const own = rule(scope({ org, kind: 'org', id: org }), { level: 'clientOrg', limit: 1 });
    const inbound = rule(scope({ org, kind: 'inbound', id: org }), { level: 'targetOrg', limit: 1 });
    const stranger = request([inbound], { org: anId() });
    expect(await rates.admit([stranger, request([own])])).toEqual([ADMITTED, ADMITTED]);
    expect((await rates.admit([request([inbound], { org: anId() })]))[0]?.kind).toBe('limited');
  });
});

describe('a token', () => {
  it('stays with its attempt in later rounds, and another attempt takes another', async () => {
    const at = scope();
    const one = request([rule(at, { limit: 2 })]);
    expect(await rates.admit([one])).toEqual([ADMITTED]);
    expect(await rates.admit([one, one])).toEqual([ADMITTED, ADMITTED]);
    expect(await rates.admit([{ ...one, attempt: 2 }])).toEqual([ADMITTED]);
    expect((await rates.admit([{ ...one, attempt: 3 }]))[0]?.kind).toBe('limited');
    expect(await rates.admit([one])).toEqual([ADMITTED]);
    expect(await slotsOf(at)).toBe(2);
  });

  it('is not taken by looking whether there is one', async () => {
    const at = scope();
    const [one, two] = [request([rule(at, { limit: 1 })]), request([rule(at, { limit: 1 })])];
    expect(await rates.peek([one])).toEqual([ADMITTED]);
    expect(await rates.admit([two])).toEqual([ADMITTED]);
    expect((await rates.peek([one]))[0]?.kind).toBe('limited');
    expect(await rates.peek([two])).toEqual([ADMITTED]);
  });

  it('is not given without the database', async () => {
    const closed = await database.open();
    await closed.close();
    const unreachable = new PostgresRates(closed);
    await expect(unreachable.admit([request([rule(scope())])])).rejects.toThrow(RatesUnavailable);
    await expect(unreachable.peek([request([rule(scope())])])).rejects.toThrow(RatesUnavailable);
  });

  it('is forgotten after seven days, when no round can come any more', async () => {
    const [old, young] = [request([rule(scope())]), request([rule(scope())])];
    await rates.admit([old, young]);
    await database.asSuper(
      "update policy.rate_token set at = clock_timestamp() - interval '7 days 1 second' where task_id = $1",
      [old.key.task],
    );
    expect(await rates.forgetTokens(100)).toBe(1);
    const left = await database.asSuper<{ task_id: string }>(
      'select task_id from policy.rate_token where task_id = any ($1)',
      [[old.key.task, young.key.task]],
    );
    expect(left.map(({ task_id }) => task_id)).toEqual([young.key.task]);
  });
});

// the clock is replaced from here on
describe('admissions at set instants', () => {
  beforeAll(async () => {
    await database.asSuper('create table policy.set_clock (at timestamptz)');
    await database.asSuper('insert into policy.set_clock values (now())');
    await database.asSuper('grant select on policy.set_clock to policy_app');
    await database.asSuper(
      'create or replace function policy.rate_clock() returns timestamptz language sql volatile as $$ select at from policy.set_clock $$',
    );
  });

  const START = Date.parse('2026-11-22T12:00:00.000Z');
  const setClock = (seconds: number): Promise<unknown> =>
    database.asSuper('update policy.set_clock set at = $1', [new Date(START + seconds * 1_000).toISOString()]);

  it.each(CASES)('$name', async ({ limits: first, steps }) => {
    const at = scope();
    const other = { ...at, org: anId() };
    let limits = first;
    for (const step of steps) {
      limits = step.limits ?? limits;
      for (const seconds of [step.at].flat()) {
        await setClock(seconds);
        const [outcome] = await rates.admit([request(rulesOf(limits, step.otherOrganisation === true ? other : at))]);
        expect({ seconds, ...worstOf(outcome) }).toEqual({
          seconds,
          ...(step.full === undefined ? {} : { full: step.full, retryAfterMs: step.retryAfterMs }),
        });
      }
    }
  });

  it('keep only what a limit can still ask about', async () => {
    const at = scope();
    for (let second = 0; second < 200; second += 10) {
      await setClock(10_000 + second);
      await rates.admit([request([rule(at, { limit: 3, periodMs: 25_000 })])]);
    }
    const [row] = await database.asSuper<{ n: number }>(
      'select count(*)::int as n from policy.rate_slot where scope_id = $1',
      [at.id],
    );
    expect(row?.n).toBe(3);
  });
});

/** What the decision tells of an outcome: the rule that has to be waited for longest. */
function worstOf(outcome: RateOutcome | undefined): { readonly full?: string; readonly retryAfterMs?: number | null } {
  if (outcome?.kind !== 'limited') return {};
  const [worst] = [...outcome.full].sort((a, b) => (b.retryAfterMs ?? Infinity) - (a.retryAfterMs ?? Infinity));
  return worst === undefined ? {} : { full: worst.rule, retryAfterMs: worst.retryAfterMs ?? null };
}
