import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { Agent, AnswerData } from '@countersign/agent-sdk';
import { COMMANDS, CONTROLS, type Control } from '@countersign/contracts';
import { echoPair, type Organisation } from './support/organisation.js';
import { signalService, startSystem, untilReady, type RunningSystem } from './support/running-system.js';

describe('a control that fails', () => {
  let running: RunningSystem;
  let org: Organisation;
  let client: Agent;
  let handled: readonly string[];

  beforeAll(async () => {
    running = await startSystem('controls');
    ({ org, client, handled } = await echoPair(running));
  });

  afterAll(async () => {
    await org?.close();
    await running?.stop();
  });

  const submit = (): Promise<AnswerData> =>
    client.submit({ target: org.idOf('target'), taskType: 'echo', text: 'hello' });

  /** While it holds nothing is handed over; afterwards everything is as before. */
  async function blocks(control: Control, break_: () => unknown, mend: () => unknown): Promise<void> {
    const before = handled.length;
    await break_();
    try {
      const { state, code } = await submit();
      expect(state).toBe('DENIED');
      expect(['VERDICT_TIMEOUT', 'CONTROL_ERROR']).toContain(code);
      expect(handled.length).toBe(before);
    } finally {
      await mend();
      await untilReady(running, control);
    }
    expect((await submit()).state).toBe('COMPLETED');
  }

  it.each(CONTROLS)('%s stands still: everything is denied until it goes on', (control) =>
    blocks(
      control,
      () => signalService(running, control, 'SIGSTOP'),
      () => signalService(running, control, 'SIGCONT'),
    ),
  );

  it.each(['policy', 'guardrails'] as const)(
    '%s is killed while a task is judged: it is denied, or judged when it is back',
    async (control) => {
      const before = handled.length;
      signalService(running, control, 'SIGSTOP');
      const submitted = submit();
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(handled.length).toBe(before);
      signalService(running, control, 'SIGKILL');
      const { state } = await submitted;
      expect(handled.length - before).toBe(state === 'COMPLETED' ? 1 : 0);
      expect(['COMPLETED', 'DENIED']).toContain(state);
      await untilReady(running, control);
    },
  );

  it.each(['budget', 'audit'] as const)('%s has lost its database: everything is denied until it is back', (control) =>
    blocks(
      control,
      () =>
        asSuper(
          running,
          `alter role ${control}_app nologin; select pg_terminate_backend(pid) from pg_stat_activity where usename = '${control}_app'`,
        ),
      () => asSuper(running, `alter role ${control}_app login`),
    ),
  );

  it('whatever it was, the record verifies and the ledger balances', async () => {
    const { commands } = running.operator;
    expect(await commands.call(COMMANDS.audit.verify, { org: org.id })).toMatchObject({ ok: true, firstBad: null });
    expect(await commands.call(COMMANDS.budget.check, { org: org.id })).toEqual({ balanced: true, differences: [] });
  });
});

describe('the database of a running system', () => {
  let running: RunningSystem;

  beforeAll(async () => {
    running = await startSystem('tenancy');
    const pair = await echoPair(running);
    await pair.client.submit({ target: pair.org.idOf('target'), taskType: 'echo', text: 'hello' });
    await pair.org.close();
  });

  afterAll(() => running?.stop());

  const TABLES = [
    ['registry', 'registry.agent'],
    ['policy', 'policy.document'],
    ['trust', 'trust.observation'],
    ['budget', 'budget.reservation'],
    ['audit', 'audit.entry'],
    ['dispatcher', 'dispatcher.task'],
  ] as const;

  it.each(TABLES)('%s reads no row of %s without saying whose', async (service, table) => {
    const rows = await asRole(running, service, (db) =>
      db.query(`select * from ${table}`).then(
        (r) => r.rowCount ?? 0,
        () => 'refused',
      ),
    );
    expect([0, 'refused']).toContain(rows);
    expect(await asSuper(running, `select count(*)::int as n from ${table}`, service)).not.toEqual([{ n: 0 }]);
  });

  it.each(TABLES)(
    '%s reads no row of %s for another organisation, nor with row security switched off',
    async (service, table) => {
      const other = '01900000-0000-7000-8000-000000000000';
      const rows = await asRole(running, service, async (db) => {
        await db.query('begin');
        await db.query(`select set_config('app.org_ids', '{${other}}', true)`);
        const found = await db.query(`select * from ${table}`);
        await db.query('rollback');
        return found.rowCount;
      });
      expect(rows).toBe(0);
      await expect(
        asRole(running, service, async (db) => {
          await db.query('set row_security = off');
          await db.query(`select * from ${table}`);
        }),
      ).rejects.toThrow(/row-level security/);
    },
  );

  it.each(TABLES)("%s cannot touch another's schema", async (service, own) => {
    const [, table = own] = TABLES.find(([other]) => other !== service) ?? [];
    await expect(asRole(running, service, (db) => db.query(`select * from ${table}`))).rejects.toThrow(
      /permission denied/,
    );
  });
});

async function asRole<T>({ system }: RunningSystem, service: string, run: (db: pg.Client) => Promise<T>): Promise<T> {
  const db = new pg.Client({
    connectionString: readFileSync(system.installation.file(`database-${service}.url`), 'utf8'),
  });
  await db.connect();
  try {
    return await run(db);
  } finally {
    await db.end();
  }
}

async function asSuper({ system }: RunningSystem, sql: string, service = 'budget'): Promise<readonly object[]> {
  const url = new URL(readFileSync(system.installation.file(`database-${service}.url`), 'utf8'));
  const admin = new URL(system.postgres.url);
  admin.pathname = url.pathname;
  const db = new pg.Client({ connectionString: admin.href });
  await db.connect();
  try {
    const result: unknown = await db.query(sql);
    return Array.isArray(result) ? [] : (result as pg.QueryResult<object>).rows;
  } finally {
    await db.end();
  }
}
