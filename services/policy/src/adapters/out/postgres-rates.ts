import { Injectable } from '@nestjs/common';
import { Database, DatabaseUnavailable, type Tx } from '@countersign/store';
import { Rates, RatesUnavailable } from '../../application/rates.js';
import type { RateOutcome } from '../../domain/clauses/230-rate.js';
import { RateLogs, ruleText, tokenText, type RateLog, type RateRequest, type RateRule } from '../../domain/rate-log.js';

interface SlotRow {
  readonly org_id: string;
  readonly scope_kind: RateRule['scope']['kind'];
  readonly scope_id: string;
  readonly rule: string;
  readonly seq: bigint;
  readonly last_at: bigint;
  readonly n: bigint | null;
  readonly at: bigint | null;
}

interface TokenRow {
  readonly org_id: string;
  readonly agent_id: string;
  readonly task_id: string;
  readonly attempt: number;
}

const micros = (column: string): string => `(extract(epoch from ${column}) * 1000000)::bigint`;
const instant = (column: string): string => `timestamptz 'epoch' + ${column} * interval '1 microsecond'`;

const RULES = 'unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[])';
const RULE_KEY = '(org_id, scope_kind, scope_id, rule)';
const TOKENS = 'unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[])';
const TOKEN_KEY = '(org_id, agent_id, task_id, attempt)';

/** The logs of admissions in PostgreSQL: a batch is one transaction that locks in one order everywhere, reads and the clock after it, and writes set-based. */
@Injectable()
export class PostgresRates extends Rates {
  constructor(private readonly database: Database) {
    super();
  }

  async admit(requests: readonly RateRequest[]): Promise<readonly RateOutcome[]> {
    return this.#with(requests, async (tx) => {
      const rules = rulesOf(requests);
      // sent together and carried out one after the other: each statement sees what was committed while the one before it waited
      const [, logs] = await Promise.all([lock(tx, requests, rules), read(tx, requests, rules)]);
      const outcomes = requests.map((request) => logs.admit(request));
      if (logs.taken.length > 0) await write(tx, logs);
      return outcomes;
    });
  }

  async peek(requests: readonly RateRequest[]): Promise<readonly RateOutcome[]> {
    return this.#with(requests, async (tx) => {
      const logs = await read(tx, requests, rulesOf(requests));
      return requests.map((request) => logs.admit(request));
    });
  }

  /** Forgets tokens of attempts that ended long ago: no round of an attempt comes after seven days. Answers how many. */
  async forgetTokens(limit: number): Promise<number> {
    const rows = await this.database.system((tx) =>
      tx.query(
        `delete from policy.rate_token where ctid = any (array(select ctid from policy.rate_token where at < clock_timestamp() - interval '7 days' limit $1)) returning 1 as one`,
        [limit],
      ),
    );
    return rows.length;
  }

  async #with<T>(requests: readonly RateRequest[], work: (tx: Tx) => Promise<T>): Promise<T> {
    const orgs = [...new Set(requests.flatMap(({ key, rules }) => [key.org, ...rules.map(({ scope }) => scope.org)]))];
    try {
      return await this.database.tenants(orgs.sort(), work);
    } catch (error) {
      if (error instanceof DatabaseUnavailable)
        throw new RatesUnavailable('the admissions cannot be reached', { cause: error });
      throw error;
    }
  }
}

/** Every rule of a batch once, in the order in which they are locked; a rule with two limits (of two versions of a policy) stands there with both. A limit of nothing has no log. */
function rulesOf(requests: readonly RateRequest[]): readonly RateRule[] {
  const rules = requests.flatMap((request) => request.rules).filter(({ limit }) => limit > 0);
  const byText = new Map(rules.map((rule) => [`${ruleText(rule)}/${rule.limit}`, rule]));
  return [...byText.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, rule]) => rule);
}

function keysOf(rules: readonly RateRule[]): readonly (readonly string[])[] {
  return [
    rules.map(({ scope }) => scope.org),
    rules.map(({ scope }) => scope.kind),
    rules.map(({ scope }) => scope.id),
    rules.map(({ rule }) => rule),
  ];
}

/** Locks attempts, then rules: two replicas with the same attempt take one token, whatever version of a policy each has. */
async function lock(tx: Tx, requests: readonly RateRequest[], rules: readonly RateRule[]): Promise<void> {
  const attempts = [...new Set(requests.map((request) => `rate ${tokenText(request)}`))].sort();
  await Promise.all([
    tx.query(
      'select pg_advisory_xact_lock(hashtextextended(k, 0)) from (select k from unnest($1::text[]) as k order by k) sorted',
      [attempts],
    ),
    tx.query(
      `insert into policy.rate_state ${RULE_KEY} select o, k, s, r from ${RULES} with ordinality as w(o, k, s, r, place) order by place on conflict do nothing`,
      keysOf(rules),
    ),
    tx.query(
      `select 1 as one from ${RULES} as w${RULE_KEY} join policy.rate_state s using ${RULE_KEY} order by s.org_id, s.scope_kind, s.scope_id, s.rule for update of s`,
      keysOf(rules),
    ),
  ]);
}

/** The logs as far as this batch can ask about them, the tokens that were taken before, and now. */
async function read(tx: Tx, requests: readonly RateRequest[], rules: readonly RateRule[]): Promise<RateLogs> {
  const [clock, slots, tokens] = await Promise.all([
    tx.query<{ readonly now: bigint }>(`select ${micros('policy.rate_clock()')} as now`),
    tx.query<SlotRow>(
      `select s.org_id, s.scope_kind, s.scope_id, s.rule, s.seq, ${micros('s.last_at')} as last_at, k.n, ${micros('k.at')} as at
       from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::int[]) as w(org_id, scope_kind, scope_id, rule, most) join policy.rate_state s using ${RULE_KEY}
       left join policy.rate_slot k on k.org_id = s.org_id and k.scope_kind = s.scope_kind and k.scope_id = s.scope_id and k.rule = s.rule and k.n >= s.seq - w.most and k.n < s.seq - w.most + $6`,
      [...keysOf(rules), rules.map(({ limit }) => limit), requests.length],
    ),
    tx.query<TokenRow>(
      `select t.org_id, t.agent_id, t.task_id, t.attempt from ${TOKENS} as w${TOKEN_KEY} join policy.rate_token t using ${TOKEN_KEY}`,
      tokenParams(requests),
    ),
  ]);
  return new RateLogs(clock[0]?.now ?? unreadable(), logsOf(slots), new Set(tokens.map(tokenOf)));
}

function unreadable(): never {
  throw new RatesUnavailable('the clock of admissions did not answer');
}

function tokenParams(attempts: readonly Pick<RateRequest, 'key' | 'attempt'>[]): readonly unknown[] {
  return [
    attempts.map(({ key }) => key.org),
    attempts.map(({ key }) => key.agent),
    attempts.map(({ key }) => key.task),
    attempts.map(({ attempt }) => attempt),
  ];
}

const tokenOf = (row: TokenRow): string =>
  tokenText({ key: { org: row.org_id, agent: row.agent_id, task: row.task_id }, attempt: row.attempt });

function logsOf(rows: readonly SlotRow[]): ReadonlyMap<string, RateLog> {
  const logs = new Map<string, RateLog & { readonly slots: Map<bigint, bigint> }>();
  for (const row of rows) {
    const text = ruleText({
      scope: { org: row.org_id, kind: row.scope_kind, id: row.scope_id },
      rule: row.rule,
    });
    const log = logs.get(text) ?? { seq: row.seq, lastAt: row.last_at, slots: new Map<bigint, bigint>() };
    if (row.n !== null && row.at !== null) log.slots.set(row.n, row.at);
    logs.set(text, log);
  }
  return logs;
}

/** Slots, tokens, the state of the logs, and away with what matters no more: one statement for the whole batch. */
async function write(tx: Tx, { additions, taken }: RateLogs): Promise<void> {
  const slots = additions.flatMap(({ rule, slots: added }) => added.map((slot) => ({ rule, ...slot })));
  await tx.query(
    `with slots as (insert into policy.rate_slot (org_id, scope_kind, scope_id, rule, n, at)
       select o, k, s, r, n, ${instant('a')} from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[]) as w(o, k, s, r, n, a)),
     tokens as (insert into policy.rate_token (org_id, agent_id, task_id, attempt, at)
       select o, g, t, n, policy.rate_clock() from unnest($7::uuid[], $8::uuid[], $9::uuid[], $10::int[]) as w(o, g, t, n)),
     logs as (select * from unnest($11::uuid[], $12::text[], $13::uuid[], $14::text[], $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[]) as w(org_id, scope_kind, scope_id, rule, seq, last_at, below, old_at)),
     states as (update policy.rate_state s set seq = l.seq, last_at = ${instant('l.last_at')} from logs l
       where (s.org_id, s.scope_kind, s.scope_id, s.rule) = (l.org_id, l.scope_kind, l.scope_id, l.rule))
     delete from policy.rate_slot k using logs l where (k.org_id, k.scope_kind, k.scope_id, k.rule) = (l.org_id, l.scope_kind, l.scope_id, l.rule)
       and k.n < l.below and k.at <= ${instant('l.old_at')}`,
    [
      ...keysOf(slots.map(({ rule }) => rule)),
      slots.map(({ n }) => n),
      slots.map(({ at }) => at),
      ...tokenParams(taken),
      ...keysOf(additions.map(({ rule }) => rule)),
      additions.map(({ seq }) => seq),
      additions.map(({ lastAt }) => lastAt),
      additions.map(({ below }) => below),
      additions.map(({ oldAt }) => oldAt),
    ],
  );
}
