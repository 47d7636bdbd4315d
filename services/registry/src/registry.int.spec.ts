import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Controller, Module, type INestMicroservice, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { connect, type Auth, type NatsConnection } from '@nats-io/transport-node';
import { NoMetrics, NoTracer } from '@countersign/telemetry';
import { BusStrategy, CommandClient, connectPerson, OnCommand, PassErrors } from '@countersign/bus';
import {
  COMMANDS,
  NEUTRAL_SURFACE,
  readModelKey,
  type AnswerOf,
  type ParsedRequestOf,
  type Role,
} from '@countersign/contracts';
import { signConnection, SigningKey } from '@countersign/identity';
import { SystemClock, SystemRandom, toBase64Url, uuidV7 } from '@countersign/primitives';
import { HostModule, openHostParts, Readiness, type HostConfig, type HostParts } from '@countersign/service-host';
import { testDatabase, testKeys, testNats, type TestDatabase, type TestNats } from '@countersign/testing';
import { registryMigrations } from './migrations/index.js';
import { registryConfig } from './registry.config.js';
import { RegistryModule } from './registry.module.js';

jest.setTimeout(60_000);

const { registry, dispatcher } = COMMANDS;
type Block = ParsedRequestOf<typeof dispatcher.block>;
type Credential = AnswerOf<typeof registry.agentCreate>['credential'];
interface NewAgent {
  readonly org: string;
  readonly agent: string;
  readonly credential: Credential;
}

const keys = testKeys();
const blocks: Block[] = [];
let onBlock: (block: Block) => Promise<void>;
let [nats, database]: [TestNats, TestDatabase] = [] as never;
let [parts, app, heard]: [HostParts, INestMicroservice, INestMicroservice] = [] as never;
let operator: CommandClient;

/** The dispatcher's side of a block: the signed command over the real bus. */
@Controller()
class TakesBlocks {
  @OnCommand(dispatcher.block)
  async block(request: Block): Promise<AnswerOf<typeof dispatcher.block>> {
    blocks.push(request);
    await onBlock(request);
    return { handedOver: [] };
  }
}
@Module({ controllers: [TakesBlocks] })
class Dispatcher {}
@Module({})
class Root {}

async function started(imports: readonly object[], strategy: BusStrategy): Promise<INestMicroservice> {
  const root = { module: Root, imports: imports as Type[] };
  const service = await NestFactory.createMicroservice(root, { strategy, logger: false });
  service.useGlobalFilters(new PassErrors());
  await service.listen();
  return service;
}

function config(): HostConfig & Record<string, unknown> {
  return {
    COUNTERSIGN_NATS_URL: [nats.url],
    COUNTERSIGN_NATS_SEED_FILE: nats.keys.control.registry.seed,
    COUNTERSIGN_SIGNING_KEY_FILE: keys.keyOf('registry').toPem(),
    COUNTERSIGN_TRUST_BUNDLE_FILE: keys.bundleFile,
    COUNTERSIGN_INSTALLATION_KEY: keys.installationKey,
    COUNTERSIGN_DATABASE_URL_FILE: database.appUrl,
    COUNTERSIGN_HEALTH_PORT: 0,
    COUNTERSIGN_HEALTH_HOST: '127.0.0.1',
    COUNTERSIGN_LANES: 1,
    COUNTERSIGN_LOG_LEVEL: 'silent',
    COUNTERSIGN_AUTH_NATS_SEED_FILE: nats.keys.auth.seed,
    COUNTERSIGN_SYS_NATS_SEED_FILE: nats.keys.sys.seed,
    COUNTERSIGN_CALLOUT_ISSUER_SEED_FILE: nats.keys.issuer.seed,
    COUNTERSIGN_CALLOUT_XKEY_SEED_FILE: nats.keys.xkey.seed,
    COUNTERSIGN_SECRET_PEPPER_FILE: Buffer.alloc(32, 7),
  };
}

beforeAll(async () => {
  [nats, database] = await Promise.all([testNats(), testDatabase('registry', registryMigrations)]);
  const values = config();
  const definition = { service: 'registry', config: registryConfig, migrations: registryMigrations } as const;
  parts = await openHostParts(definition, values, {
    readiness: new Readiness(),
    random: new SystemRandom(),
    telemetry: {
      tracer: new NoTracer(),
      metrics: new NoMetrics(),
      scrape: () => undefined,
      stop: async () => undefined,
    },
  });
  const common = { ...parts, models: parts.models.all(), judgesLate: false, judgesInvalid: false };
  app = await started(
    [HostModule.of(parts, values), RegistryModule],
    new BusStrategy({ ...common, idempotency: parts.commandLog }),
  );
  const bus = await nats.connect('dispatcher');
  heard = await started([Dispatcher], new BusStrategy({ ...common, bus, key: keys.keyOf('dispatcher'), models: [] }));
  operator = new CommandClient({
    bus: await nats.connect('operator'),
    key: keys.keyOf('operator'),
    bundle: keys.bundle,
    clock: new SystemClock(),
    random: new SystemRandom(),
    actor: { kind: 'operator', id: 'test' },
  });
  onBlock = async () => undefined;
});

afterAll(async () => {
  await app.close();
  await heard.close();
  await parts.models.close();
  await parts.bus.drain();
  parts.clock.stop();
  await parts.database.close();
  await nats.stop();
  await database.drop();
});

const newId = (): string => uuidV7(Date.now(), new SystemRandom());
let count = 0;
async function anOrganisation(): Promise<string> {
  return (await operator.call(registry.orgCreate, { name: `org-${String((count += 1))}` })).org;
}
async function anAgent(org: string): Promise<NewAgent> {
  const request = { org, name: `agent-${String((count += 1))}`, surface: { ...NEUTRAL_SURFACE } };
  return { org, ...(await operator.call(registry.agentCreate, request)) };
}
/** An agent's own client, without the SDK; `permissions` are what the server refused. */
async function client(
  { clientId, clientSecret, inboxPrefix }: Credential,
  secret = clientSecret,
): Promise<{ readonly nc: NatsConnection; readonly refused: string[] }> {
  const nc = await connect({
    servers: nats.url,
    user: clientId,
    pass: secret,
    inboxPrefix,
    reconnect: false,
    noAsyncTraces: true,
  });
  return { nc, refused: refusalsOf(nc) };
}
/** What the server does not let a connection do, as it happens. */
function refusalsOf(nc: NatsConnection): string[] {
  const refused: string[] = [];
  void (async () => {
    for await (const status of nc.status()) if (status.type === 'error') refused.push(String(status.error));
  })();
  return refused;
}
async function until(holds: () => boolean | Promise<boolean>, ms = 3_000): Promise<boolean> {
  for (let left = ms; left > 0; left -= 20) {
    if (await holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return holds();
}

describe('a new agent', () => {
  it('is told its secret once; only a keyed hash of it is stored anywhere', async () => {
    const { org, agent, credential } = await anAgent(await anOrganisation());
    const tables = await database.asSuper<{ name: string }>(
      `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'registry' and c.relkind = 'r'`,
    );
    expect(tables.length).toBeGreaterThan(5);
    const random = credential.clientSecret.split('_')[2] ?? 'none';
    for (const { name } of tables) {
      const rows = await database.asSuper(`select 1 from registry.${name} t where position($1 in t::text) > 0`, [
        random,
      ]);
      expect({ name, rows }).toEqual({ name, rows: [] });
    }
    const [row] = await database.asSuper<{ secret_hash: Buffer }>(
      'select secret_hash from registry.credential where org_id = $1 and agent_id = $2',
      [org, agent],
    );
    expect(row?.secret_hash).toHaveLength(32);
  });

  it('gets no third live credential', async () => {
    const { org, agent } = await anAgent(await anOrganisation());
    await operator.call(registry.credentialIssue, { org, agent });
    await expect(operator.call(registry.credentialIssue, { org, agent })).rejects.toThrow(/two live credentials/);
  });

  it('is refused by the name of a field that nothing enforces', async () => {
    const org = await anOrganisation();
    const surface = { ...NEUTRAL_SURFACE, irreversible: true };
    await expect(operator.call(registry.agentCreate, { org, name: 'unsafe', surface })).rejects.toThrow(
      /surface\.irreversible/,
    );
  });
});

describe('an agent that connects', () => {
  it('gets in with its secret, and nobody with another one', async () => {
    const { credential } = await anAgent(await anOrganisation());
    const other = await anAgent(await anOrganisation());
    const { nc } = await client(credential);
    await nc.close();
    for (const secret of [other.credential.clientSecret, 'guess', `${credential.clientSecret.slice(0, -1)}x`])
      await expect(client(credential, secret)).rejects.toThrow(/authorization/i);
    await expect(connect({ servers: nats.url, reconnect: false })).rejects.toThrow(/authorization/i);
  });

  it('reaches its own subjects and neither those of another agent nor the inside', async () => {
    const org = await anOrganisation();
    const [me, other] = [await anAgent(org), await anAgent(org)];
    const { nc, refused } = await client(me.credential);
    nc.publish(`agt.${org}.${me.agent}.task.${newId()}`, '{}');
    nc.subscribe(`dlv.${org}.${me.agent}`);
    nc.subscribe(`${me.credential.inboxPrefix}.>`);
    await nc.flush();
    expect(refused).toEqual([]);
    const forbidden = [
      `agt.${org}.${other.agent}.task.${newId()}`,
      `agt.${org}.${other.agent}.status.${newId()}`,
      `dlv.${org}.${other.agent}`,
      `ans.${org}.${other.agent}.all`,
      `${other.credential.inboxPrefix}.x`,
      'flow.0.vd.policy',
      'adm.registry.agent-revoke',
      '$JS.API.STREAM.NAMES',
    ];
    for (const subject of forbidden) nc.publish(subject, '{}');
    for (const subject of [`dlv.${org}.${other.agent}`, `ans.${org}.*.*`, `${other.credential.inboxPrefix}.>`, '>']) {
      nc.subscribe(subject, { callback: () => undefined });
      forbidden.push(subject);
    }
    expect(await until(() => refused.length >= forbidden.length)).toBe(true);
    expect(forbidden.filter((subject) => !refused.some((text) => text.includes(`"${subject}"`)))).toEqual([]);
    await nc.close();
  });

  it('hears of its own connections, signed by the registry', async () => {
    const org = await anOrganisation();
    const [me, target] = [await anAgent(org), await anAgent(org)];
    const ends = { client: { org, agent: me.agent }, target: { org, agent: target.agent } };
    const { connection } = await operator.call(registry.connectionCreate, ends);
    const { nc } = await client(me.credential);
    const ask = async () =>
      (
        await nc.request(`agt.${org}.${me.agent}.peers.list`, JSON.stringify({ nonce: 'AAAAAAAAAAAAAAAAAAAAAA' }))
      ).json<{
        connections: readonly { connection: string }[];
      }>();
    expect(await until(async () => (await ask()).connections.length === 1)).toBe(true);
    expect((await ask()).connections).toMatchObject([{ connection, target: target.agent }]);
    await nc.close();
  });
});

describe('a revocation', () => {
  it('is committed and on the bus before the dispatcher blocks, cuts the connection after that, and lets nobody back in', async () => {
    const { org, agent, credential } = await anAgent(await anOrganisation());
    const { nc } = await client(credential);
    const seen: unknown[] = [];
    const closed = nc.closed().then(() => seen.push('cut'));
    onBlock = async (block) => {
      const [row] = await database.asSuper<{ status: string }>(
        'select status from registry.agent where agent_id = $1',
        [agent],
      );
      const published = await until(() => {
        const record = parts.models.registry.get(readModelKey.agent({ org, agent }));
        return record?.kind === 'agent' && record.status === 'REVOKED';
      }, 500);
      const again = await client(credential).then(
        () => 'in',
        () => 'refused',
      );
      seen.push({
        row: row?.status,
        published,
        again,
        connected: !nc.isClosed(),
        block: [block.kind, block.id, block.active, block.code],
      });
    };
    const answer = await operator.call(registry.agentRevoke, { org, agent });
    onBlock = async () => undefined;
    expect(answer).toEqual({ pending: false, handedOver: [] });
    expect(await until(() => seen.includes('cut'))).toBe(true);
    await closed;
    expect(seen).toEqual([
      {
        row: 'REVOKED',
        published: true,
        again: 'refused',
        connected: true,
        block: ['AGENT', agent, true, 'AGENT_REVOKED'],
      },
      'cut',
    ]);
    await expect(client(credential)).rejects.toThrow(/authorization/i);
  });

  it('of a credential cuts the connection and leaves the other credential alive', async () => {
    const { org, agent, credential } = await anAgent(await anOrganisation());
    const { credential: second } = await operator.call(registry.credentialIssue, { org, agent });
    const { nc } = await client(credential);
    await operator.call(registry.credentialRevoke, { org, agent, clientId: credential.clientId });
    expect(await until(() => nc.isClosed())).toBe(true);
    await expect(client(credential)).rejects.toThrow(/authorization/i);
    const again = await client(second);
    await again.nc.close();
  });

  it('that the dispatcher does not confirm is answered as pending, and repeated until it does', async () => {
    const { org, agent } = await anAgent(await anOrganisation());
    const pending = async (): Promise<number> =>
      (await database.asSuper("select 1 from registry.pending_block where body->>'id' = $1", [agent])).length;
    onBlock = async () => Promise.reject(new Error('out of order'));
    expect(await operator.call(registry.agentRevoke, { org, agent })).toMatchObject({ pending: true });
    expect(await pending()).toBe(1);
    onBlock = async () => undefined;
    expect(await until(async () => (await pending()) === 0, 10_000)).toBe(true);
    const sent = blocks.filter(({ id }) => id === agent);
    expect(new Set(sent.map((block) => JSON.stringify(block))).size).toBe(1);
  });

  it('that waits for longer than the key of a command is good for is confirmed all the same', async () => {
    const { org, agent } = await anAgent(await anOrganisation());
    const body = { org, kind: 'AGENT', id: agent, active: true, epoch: 2, code: 'AGENT_REVOKED' };
    await database.asSuper(
      "insert into registry.pending_block (id, body, created) values ($1, $2, clock_timestamp() - interval '8 days')",
      [uuidV7(Date.now() - 8 * 86_400_000, new SystemRandom()), JSON.stringify(body)],
    );
    const rows = async () => database.asSuper("select 1 from registry.pending_block where body->>'id' = $1", [agent]);
    expect(await until(async () => (await rows()).length === 0, 5_000)).toBe(true);
    expect(blocks.filter(({ id }) => id === agent)).toEqual([body]);
  });
});

describe('what stops for two reasons', () => {
  const last = (id: string): Block | undefined => blocks.filter((block) => block.id === id).at(-1);

  it('stays stopped when an organisation is active again and its kill switch is still on', async () => {
    const org = await anOrganisation();
    await operator.call(registry.orgKillSwitch, { org, active: true });
    await operator.call(registry.orgStatus, { org, status: 'SUSPENDED' });
    await operator.call(registry.orgStatus, { org, status: 'ACTIVE' });
    expect(last(org)).toMatchObject({ active: true, code: 'KILL_SWITCH_ACTIVE' });
    await operator.call(registry.orgKillSwitch, { org, active: false });
    expect(last(org)).toMatchObject({ active: false });
  });

  it('stays stopped when a kill switch is off again and the organisation is suspended', async () => {
    const org = await anOrganisation();
    await operator.call(registry.orgStatus, { org, status: 'SUSPENDED' });
    await operator.call(registry.orgKillSwitch, { org, active: true });
    await operator.call(registry.orgKillSwitch, { org, active: false });
    expect(last(org)).toMatchObject({ active: true, code: 'ORG_NOT_ACTIVE' });
  });

  it('stays stopped when a revoked agent may communicate again', async () => {
    const { org, agent } = await anAgent(await anOrganisation());
    await operator.call(registry.agentRevoke, { org, agent });
    await operator.call(registry.agentCommunication, { org, agent, enabled: true });
    expect(last(agent)).toMatchObject({ active: true, code: 'AGENT_REVOKED' });
  });
});

describe('a command that is sent again', () => {
  it('under its key changes nothing more and gets the same answer', async () => {
    const idempotencyKey = newId();
    const request = { name: `org-${String((count += 1))}` };
    const first = await operator.call(registry.orgCreate, request, { idempotencyKey });
    expect(await operator.call(registry.orgCreate, request, { idempotencyKey })).toEqual(first);
    await expect(operator.call(registry.orgCreate, { name: 'another' }, { idempotencyKey })).rejects.toThrow(
      /idempotency key/,
    );
    const { org } = first;
    const off = { org, active: true };
    const key = newId();
    await operator.call(registry.orgKillSwitch, off, { idempotencyKey: key });
    await operator.call(registry.orgKillSwitch, off, { idempotencyKey: key });
    const rows = await database.asSuper('select epoch from registry.organization where org_id = $1', [org]);
    expect(rows).toEqual([{ epoch: '1' }]);
  });
});

/** Commands signed by a person's key; whatever the envelope says of its actor counts for nothing. */
function commandsOf(key: SigningKey, bus: Pick<HostParts['bus'], 'nc'>): CommandClient {
  const actor = { kind: 'operator', id: 'local' } as const;
  return new CommandClient({
    bus,
    key,
    bundle: keys.bundle,
    clock: new SystemClock(),
    random: new SystemRandom(),
    actor,
  });
}

describe('a person', () => {
  async function aPerson(
    org: string,
    ...roles: Role[]
  ): Promise<{ id: string; key: SigningKey; commands: CommandClient; nc: NatsConnection }> {
    const key = SigningKey.generate('operator');
    const publicKey = key.publicKey.toString('base64url');
    const name = `person-${String((count += 1))}`;
    const { operator: id, kid } = await operator.call(registry.operatorCreate, { org, name, roles, publicKey });
    expect(kid).toBe(key.kid);
    const nc = await connectPerson({ servers: [nats.url], key, timeoutMs: 5_000 });
    const commands = commandsOf(key, { nc });
    expect(await until(() => parts.people.byId(id) !== undefined)).toBe(true);
    return { id, key, commands, nc };
  }
  const surface = { ...NEUTRAL_SURFACE };

  it('commands with their own key, as themselves, in their own organisation', async () => {
    const [org, other] = [await anOrganisation(), await anOrganisation()];
    const { id, commands } = await aPerson(org, 'OPERATOR');
    await commands.call(registry.agentCreate, { org, name: 'mine', surface });
    const { agents } = await commands.call(registry.agentList, { org });
    expect(agents).toEqual([
      expect.objectContaining({ name: 'mine', registeredBy: `user:${id}`, owner: `user:${id}` }),
    ]);
    await expect(
      commands.call(registry.agentCreate, { org, name: 'sybil', owner: 'team:other', surface }),
    ).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    const elsewhere = commands.call(registry.agentCreate, { org: other, name: 'mine', surface });
    await expect(elsewhere).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    await expect(commands.call(registry.orgList, {})).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    await expect(commands.call(registry.agentRevoke, { org, agent: newId() })).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
  });

  it('may do what their roles allow now, and nothing once they are disabled', async () => {
    const org = await anOrganisation();
    const { id, key, commands } = await aPerson(org, 'OPERATOR');
    await operator.call(registry.operatorRoles, { org, operator: id, roles: ['VIEWER'] });
    await until(() => parts.people.byId(id)?.roles[0] === 'VIEWER');
    await expect(commands.call(registry.agentCreate, { org, name: 'mine', surface })).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
    expect(await commands.call(registry.agentList, { org })).toEqual({ agents: [] });
    await operator.call(registry.operatorDisable, { org, operator: id, forCause: true });
    await until(() => parts.people.byId(id)?.status === 'DISABLED');
    const elsewhere = commandsOf(key, await nats.connect('operator'));
    await expect(elsewhere.call(registry.agentList, { org })).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    const { operators } = await operator.call(registry.operatorList, { org });
    expect(operators).toEqual([expect.objectContaining({ status: 'DISABLED', forCause: true, roles: ['VIEWER'] })]);
    // for cause it stays, whoever disables again, and nobody gets roles back
    await operator.call(registry.operatorDisable, { org, operator: id });
    expect((await operator.call(registry.operatorList, { org })).operators[0]?.forCause).toBe(true);
    await expect(operator.call(registry.operatorRoles, { org, operator: id, roles: ['OWNER'] })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('has a key that nobody else has or had, in whatever organisation, and no program', async () => {
    const org = await anOrganisation();
    const { key } = await aPerson(org, 'APPROVER');
    const again = (publicKey: Uint8Array, name: string): Promise<unknown> =>
      operator.call(registry.operatorCreate, {
        ...{ name, roles: ['APPROVER'] as Role[], publicKey: Buffer.from(publicKey).toString('base64url') },
        org,
      });
    await expect(again(key.publicKey, 'second')).rejects.toMatchObject({ code: 'CREDENTIAL_KEY_IN_USE' });
    await expect(again(keys.keyOf('dispatcher').publicKey, 'third')).rejects.toMatchObject({
      code: 'CREDENTIAL_KEY_IN_USE',
    });
    const other = await anOrganisation();
    const moved = { org: other, name: 'moved', roles: ['OWNER'] as Role[], publicKey: toBase64Url(key.publicKey) };
    await expect(operator.call(registry.operatorCreate, moved)).rejects.toMatchObject({
      code: 'CREDENTIAL_KEY_IN_USE',
    });
    // the neutral point: whoever knows no private key can sign under it
    const neutral = Buffer.alloc(32);
    neutral[0] = 1;
    await expect(again(neutral, 'weak')).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      message: expect.stringContaining('at publicKey: the key is a point of small order'),
    });
    const unknown = { org: newId(), name: 'lost', roles: ['OWNER'] as Role[] };
    const publicKey = SigningKey.generate('operator').publicKey.toString('base64url');
    await expect(operator.call(registry.operatorCreate, { ...unknown, publicKey })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('comes in with their own key, and reaches commands that people may send and nothing else', async () => {
    const org = await anOrganisation();
    const { nc, key } = await aPerson(org, 'VIEWER');
    const refused = refusalsOf(nc);
    const forbidden = [
      ...['adm.registry.org-create', 'adm.registry.operator-create', 'adm.dispatcher.block', 'adm.audit.open'],
      ...['flow.0.dec', 'flow.0.vd.registry', `agt.${org}.${newId()}.task.${newId()}`, '$JS.API.INFO', 'dlv.x.y'],
    ];
    for (const subject of forbidden) nc.publish(subject, '{}');
    for (const subject of ['adm.>', 'adm.registry.*', '_INBOX_operator.>', 'agt.>', '>', '$SYS.>'])
      nc.subscribe(subject, { callback: () => undefined });
    await nc.flush();
    expect(await until(() => refused.length === forbidden.length + 6)).toBe(true);
    for (const subject of forbidden) expect(refused.join('\n')).toContain(`"${subject}"`);
    expect(await commandsOf(key, { nc }).call(registry.agentList, { org })).toEqual({ agents: [] });
    await nc.close();
  });

  it('is nobody without a signature over the nonce of this very connection', async () => {
    const org = await anOrganisation();
    const [me, other] = [await aPerson(org, 'OWNER'), await aPerson(org, 'OWNER')];
    let seen = '';
    const record = (nonce = ''): Auth => signConnection(me.key, (seen = nonce));
    await (await connect({ servers: nats.url, authenticator: record, reconnect: false })).close();
    expect(seen).not.toBe('');
    const again = (): Auth => signConnection(me.key, seen);
    const asMe = (nonce = ''): Auth => ({ ...signConnection(other.key, nonce), user: me.key.kid });
    for (const authenticator of [again, asMe])
      await expect(connect({ servers: nats.url, authenticator, reconnect: false })).rejects.toThrow(/authorization/i);
  });

  it('is cut off when they are disabled, and does not come back', async () => {
    const org = await anOrganisation();
    const { id, key, nc } = await aPerson(org, 'APPROVER');
    const colleague = await aPerson(org, 'APPROVER');
    await operator.call(registry.operatorDisable, { org, operator: id });
    expect(await until(() => nc.isClosed())).toBe(true);
    const again = connectPerson({ servers: [nats.url], key, timeoutMs: 5_000 });
    await expect(again).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    expect(await colleague.commands.call(registry.agentList, { org })).toEqual({ agents: [] });
    await colleague.nc.close();
  });
});
