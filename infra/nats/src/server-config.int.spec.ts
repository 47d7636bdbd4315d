import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createUser } from '@nats-io/nkeys';
import { connect, nkeyAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import { ingestSubject, resultSubject, storedResultSubject, taskSubject } from '@countersign/contracts';
import { obtainNatsServer, startNatsServer, type NatsProcess } from '@countersign/local';
import { SystemRandom, uuidV7 } from '@countersign/primitives';
import { generateNatsKeys } from './keys.js';
import { natsServerConfig } from './server-config.js';

// a stranger waits for the callout, which nobody answers here
jest.setTimeout(60_000);

const TASKS = 10_000;
const ROOT = join(import.meta.dirname, '..', '..', '..');
const dir = mkdtempSync(join(tmpdir(), 'countersign-nats-'));
const keys = generateNatsKeys();
const everybody = createUser();
let server: NatsProcess;
let nc: NatsConnection;

/** The generated configuration, with one more user of CONTROL who may do everything: so the mapping is the product's own. */
function configText(): string {
  const user = everybody.getPublicKey();
  return natsServerConfig({ port: -1, monitoringPort: -1, storeDir: join(dir, 'store'), keys })
    .replace('    users: [\n', `    users: [\n      { nkey: ${user} }\n`)
    .replace('auth_users: [ ', `auth_users: [ ${user}, `);
}

beforeAll(async () => {
  const { path } = await obtainNatsServer({ cacheDir: join(ROOT, '.countersign', 'cache') });
  server = await startNatsServer({ binary: path, configText: configText(), dir });
  nc = await connect({ servers: server.url, authenticator: nkeyAuthenticator(everybody.getSeed()) });
});
afterAll(async () => {
  await nc.close();
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !holds(); i += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(holds()).toBe(true);
}

describe('the generated configuration', () => {
  it('makes the server partition submissions and results as the contracts say, for 20,000 of them', async () => {
    const random = new SystemRandom();
    const heard: string[] = [];
    const expected: string[] = [];
    for (const subject of ['ing.>', 'res.>'])
      nc.subscribe(subject, { callback: (_error, message) => void heard.push(message.subject) });
    for (let i = 0; i < TASKS; i += 1) {
      const [org, agent, task] = [uuidV7(i, random), uuidV7(i, random), uuidV7(Date.now() - i, random)];
      nc.publish(taskSubject({ org, agent, task }));
      nc.publish(resultSubject({ org, agent }, task));
      expected.push(ingestSubject({ org, agent, task }), storedResultSubject({ org, agent }, task));
    }
    await until(() => heard.length === 2 * TASKS);
    expect(heard).toEqual(expected);
    expect(new Set(heard.map((subject) => subject.split('.')[1])).size).toBe(64);
    expect(new Set(heard.map((subject) => subject.split('.')[2])).size).toBe(16);
  });

  it('lets nobody in without a credential, with a password or with an unknown key', async () => {
    const refused = { servers: server.url, reconnect: false, timeout: 10_000 };
    await expect(connect(refused)).rejects.toThrow(/authorization/i);
    await expect(connect({ ...refused, user: 'registry', pass: 'registry' })).rejects.toThrow(/authorization/i);
    const stranger = nkeyAuthenticator(createUser().getSeed());
    await expect(connect({ ...refused, authenticator: stranger })).rejects.toThrow(/authorization/i);
  });

  it('gives the registry its users in AUTH and SYS, and neither of them streams', async () => {
    for (const pair of [keys.auth, keys.sys]) {
      const other = await connect({ servers: server.url, authenticator: nkeyAuthenticator(Buffer.from(pair.seed)) });
      const answer = await other.request('$JS.API.INFO', '', { timeout: 500 }).then(
        (message) => message.json<{ error?: unknown }>().error !== undefined,
        () => true,
      );
      expect(answer).toBe(true);
      await other.close();
    }
  });

  it('shows no private key', () => {
    const text = configText();
    const seeds = [keys.auth, keys.sys, keys.issuer, keys.xkey, ...Object.values(keys.control)].map(({ seed }) => seed);
    expect(seeds.filter((seed) => text.includes(seed))).toEqual([]);
    expect(text).not.toMatch(/no_auth_user|S[UAX][A-Z0-9]{55}/);
  });
});
