import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { Organisation } from './support/organisation.js';
import { signalService, startSystem, type RunningSystem } from './support/running-system.js';

const cs = join(import.meta.dirname, '..', 'services', 'cli', 'dist', 'main.js');
const ONCE = { tierMinTokens: 0, inputMicrosPerMtok: '0', outputMicrosPerMtok: '0', cachedInputMicrosPerMtok: '0' };

interface Said {
  readonly code: number;
  readonly out: string;
}

describe('money by the command line', () => {
  let running: RunningSystem;
  let org: Organisation;

  beforeAll(async () => {
    running = await startSystem('doctor');
    org = await Organisation.create(running);
    for (const name of ['client', 'target']) await org.agent(name);
    await org.connect('client', 'target');
  });

  afterAll(async () => {
    await org?.close();
    await running?.stop();
  });

  const commandWith = (env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Said> =>
    new Promise((resolve) => {
      const options = { cwd: running.folder, env: { ...process.env, ...env }, timeout: 60_000 };
      execFile(process.execPath, [cs, ...args], options, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), out: stdout + stderr }),
      );
    });
  const command = (...args: readonly string[]): Promise<Said> => commandWith({}, ...args);
  const said = async (...args: readonly string[]): Promise<unknown> =>
    JSON.parse((await command(...args, '--json')).out) as unknown;

  async function asSuper(sql: string): Promise<void> {
    const { installation, postgres } = running.system;
    const url = new URL(postgres.url);
    url.pathname = new URL(readFileSync(installation.file('database-budget.url'), 'utf8')).pathname;
    const client = new pg.Client({ connectionString: url.href });
    await client.connect();
    try {
      await client.query(sql, [org.id]);
    } finally {
      await client.end();
    }
  }

  it('caps a connection, charges a task, tells the threshold that it came to, and tops the month up', async () => {
    const [client, target] = [await org.connected('client'), await org.connected('target')];
    await org.untilKnown(client, 'target');
    const of = ['--connection', 'client->target'];
    expect((await command('budget', 'set', '10', ...of)).out).toContain('the cap is 10');
    const task = { target: org.idOf('target'), taskType: 'echo', text: 'spend' };
    const spend = async (maxCostMicros: string): Promise<string> => {
      const { state, code } = await client.submit({ ...task, maxCostMicros });
      return code === undefined ? state : `${state} ${code}`;
    };
    // a policy is in force a moment after it was set; until then nobody is there who could spend
    while ((await spend('100000000')) !== 'DENIED BUDGET_CONNECTION_EXHAUSTED');
    target.serve(async () => ({ parts: [{ text: 'done' }] }));
    expect(await spend('5000000')).toBe('COMPLETED');
    expect(await spend('10000001')).toBe('DENIED BUDGET_CONNECTION_EXHAUSTED');
    const events = await said('budget', 'events');
    expect(events).toEqual([expect.objectContaining({ kind: 'BUDGET_THRESHOLD', percent: 50, severity: 'INFO' })]);
    const topup = await command('budget', 'topup', '2.5', ...of, '--reason', 'month end');
    expect(topup.out).toMatch(/CONNECTION +\S+ +10\.00 +2\.50/);
    expect((await command('budget', 'reset', ...of, '--reason', 'new contract')).code).toBe(0);
    const again = await command('budget', 'reset', ...of, '--reason', 'new contract');
    expect([again.code, again.out]).toEqual([1, expect.stringContaining('a second person has to confirm')]);
  });

  it('puts prices into force, and own ones of an organisation', async () => {
    const file = join(running.folder, 'prices.json');
    const entries = [{ kind: 'tool', name: 'search', ...ONCE, requestMicros: '10000' }];
    writeFileSync(file, JSON.stringify({ currency: 'USD', entries }));
    expect((await command('budget', 'prices', 'put', '--file', file)).out).toBe('price book 1 is in force\n');
    writeFileSync(file, JSON.stringify({ entries: [{ ...entries[0], requestMicros: '5000' }] }));
    const own = await command('budget', 'prices', 'put', '--file', file, '--org', org.name);
    expect(own.out).toBe('price book 2 is in force\n');
    expect((await command('budget', 'prices', 'show')).out).toMatch(/search .*0\.01 +everybody\n.*0\.005 /);
    writeFileSync(file, JSON.stringify({ currency: 'USD', entries: [{ ...entries[0], name: undefined }] }));
    const refused = await command('budget', 'prices', 'put', '--file', file);
    expect([refused.code, refused.out]).toEqual([1, expect.stringContaining('a model or tool needs a name')]);
  });

  it('finds everything in order while it is', async () => {
    const { code, out } = await command('doctor');
    expect([code, out]).toEqual([0, expect.not.stringContaining('BROKEN')]);
    for (const what of ['budget', 'dispatcher', `ledger of ${org.name}`, `record of ${org.name}`])
      expect(out).toContain(what);
  });

  it('finds a budget that somebody changed', async () => {
    await asSuper('update budget.budget set spent_micros = spent_micros + 1 where org_id = $1');
    const { code, out } = await command('doctor');
    expect([code, out]).toEqual([1, expect.stringMatching(new RegExp(`ledger of ${org.name} +BROKEN`))]);
    await asSuper('update budget.budget set spent_micros = spent_micros - 1 where org_id = $1');
    expect((await command('doctor')).code).toBe(0);
  });

  it('finds a service that does not answer', async () => {
    signalService(running, 'trust', 'SIGSTOP');
    const { code, out } = await command('doctor');
    signalService(running, 'trust', 'SIGCONT');
    expect([code, out]).toEqual([1, expect.stringMatching(/trust +BROKEN +does not answer/)]);
  });

  it.each([
    ['service', 'adm.registry.org-list: registry did not answer'],
    ['bus', 'no nats-server answered at nats://'],
  ])('a command ends with 3 when its %s stands still', async (what, message) => {
    const send = (signal: NodeJS.Signals): void =>
      what === 'bus' ? running.system.nats.kill(signal) : signalService(running, 'registry', signal);
    send('SIGSTOP');
    const { code, out } = await command('org', 'list').finally(() => send('SIGCONT'));
    expect([code, out]).toEqual([3, expect.stringContaining(message)]);
  });

  it('a command ends with 3 when there is no bus any more, and says where it was looked for', async () => {
    const run: unknown = JSON.parse(readFileSync(join(running.folder, '.countersign', 'run.json'), 'utf8'));
    const file = join(running.folder, 'gone.json');
    writeFileSync(file, JSON.stringify({ ...(run as object), nats: 'nats://127.0.0.1:1,nats://127.0.0.1:2' }));
    const { code, out } = await commandWith({ COUNTERSIGN_RUN_FILE: file }, 'org', 'list');
    expect([code, out]).toEqual([
      3,
      'no nats-server answered at nats://127.0.0.1:1, nats://127.0.0.1:2; is the system running?\n',
    ]);
  });
});
