import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bus, provision } from '@countersign/bus';
import { freePort, obtainNatsServer, startNatsServer, type NatsProcess } from '@countersign/local';
import { generateNatsKeys, natsServerConfig, type ControlUser } from '@countersign/nats';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '..', '..', '..', '..');
const SERVERS = ['one', 'two', 'three'] as const;
const CAPACITY = { messages: 20_000, bytes: 16 * 1024 ** 2, replicas: SERVERS.length } as const;
/** What a new cluster is given to choose its leaders. */
const PATIENCE_MS = 30_000;

const monitoringSchema = z.object({
  account_details: z.array(
    z.object({
      stream_detail: z
        .array(
          z.object({
            consumer_detail: z
              .array(z.object({ name: z.string(), cluster: z.object({ leader: z.string().optional() }).optional() }))
              .optional(),
          }),
        )
        .optional(),
    }),
  ),
});

/** Three nats-servers that are one system, every stream in three copies. */
export interface TestNatsCluster {
  /** Where each server listens, by its name. */
  readonly urls: ReadonlyMap<string, string>;
  /** Names of the consumers that a server leads: what it alone would take along. */
  consumersOf(name: string): Promise<readonly string[]>;
  /** The product's own door with the key of this user. {@link stop} drains it. */
  connect(service: Exclude<ControlUser, 'provisioner'>, ...servers: readonly string[]): Promise<Bus>;
  /** Kills the server of this name as a power cut would; it stays away. */
  kill(name: string): void;
  /** Drains what {@link connect} opened, stops the servers and removes their files. */
  stop(): Promise<void>;
}

/** Starts three nats-servers on free ports of 127.0.0.1 and provisions them. They end with this process, however that ends. */
export async function testNatsCluster(): Promise<TestNatsCluster> {
  const { path } = await obtainNatsServer({ cacheDir: join(ROOT, '.countersign', 'cache') });
  const dir = mkdtempSync(join(tmpdir(), 'countersign-nats-'));
  const keys = generateNatsKeys();
  const ports = new Map<string, number>();
  for (const name of SERVERS) ports.set(name, await freePort());
  const routes = [...ports.values()].map((port) => `127.0.0.1:${String(port)}`);
  const start = (name: string): Promise<NatsProcess> => {
    const folder = join(dir, name);
    const cluster = { name: 'test', port: ports.get(name) ?? 0, password: 'of this test alone', routes };
    const configText = natsServerConfig({
      port: -1,
      monitoringPort: -1,
      storeDir: join(folder, 'store'),
      serverName: name,
      cluster,
      keys,
    });
    return startNatsServer({ binary: path, configText, dir: folder });
  };
  const servers = new Map(await Promise.all(SERVERS.map(async (name) => [name as string, await start(name)] as const)));
  const urls = new Map([...servers].map(([name, { url }]) => [name, url] as const));
  const buses: Bus[] = [];
  const open = async (service: ControlUser, ...only: readonly string[]): Promise<Bus> => {
    const all = only.length === 0 ? [...urls.values()] : only;
    const bus = await Bus.connect({ servers: all, service, nkeySeed: keys.control[service].seed });
    buses.push(bus);
    return bus;
  };
  await provisionOnceElected(await open('provisioner'));
  return {
    urls,
    consumersOf: (name) => ledBy(name, servers.get(name)?.monitoringUrl ?? ''),
    connect: open,
    kill: (name) => servers.get(name)?.kill('SIGKILL'),
    stop: async () => {
      await Promise.all(buses.map((bus) => bus.drain()));
      await Promise.all([...servers.values()].map((server) => server.stop()));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Until the three have a leader, nothing can be made. */
async function provisionOnceElected({ jsm }: Bus): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await provision(jsm, CAPACITY);
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function ledBy(server: string, monitoringUrl: string): Promise<readonly string[]> {
  const response = await fetch(`${monitoringUrl}/jsz?accounts=true&streams=true&consumers=true`);
  const { account_details: accounts } = monitoringSchema.parse(await response.json());
  return accounts
    .flatMap(({ stream_detail: streams = [] }) => streams.flatMap(({ consumer_detail: consumers = [] }) => consumers))
    .filter(({ cluster }) => cluster?.leader === server)
    .map(({ name }) => name);
}
