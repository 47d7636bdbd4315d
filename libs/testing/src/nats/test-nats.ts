import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bus, provision } from '@countersign/bus';
import { obtainNatsServer, startNatsServer } from '@countersign/local';
import { generateNatsKeys, natsServerConfig, type ControlUser, type NatsKeys } from '@countersign/nats';

const ROOT = join(import.meta.dirname, '..', '..', '..', '..');
const CAPACITY = { messages: 20_000, bytes: 16 * 1024 ** 2, replicas: 1 } as const;

/** A nats-server of one test file: the product's own accounts, permissions, streams and consumers. */
export interface TestNats {
  readonly url: string;
  readonly monitoringUrl: string;
  readonly keys: NatsKeys;
  /** The product's own door with the key of this user. {@link stop} drains it. */
  connect(service: Exclude<ControlUser, 'provisioner'>): Promise<Bus>;
  /** Kills the server as a power cut would. */
  kill(): void;
  /** Drains what {@link connect} opened, stops the server and removes its files. */
  stop(): Promise<void>;
}

/** Starts a nats-server on free ports of 127.0.0.1 and provisions it, unless told not to. It ends with this process, however that ends. */
export async function testNats({ provisioned = true }: { readonly provisioned?: boolean } = {}): Promise<TestNats> {
  const { path } = await obtainNatsServer({ cacheDir: join(ROOT, '.countersign', 'cache') });
  const dir = mkdtempSync(join(tmpdir(), 'countersign-nats-'));
  const keys = generateNatsKeys();
  const configText = natsServerConfig({ port: -1, monitoringPort: -1, storeDir: join(dir, 'store'), keys });
  const server = await startNatsServer({ binary: path, configText, dir });
  const buses: Bus[] = [];
  const open = async (service: ControlUser): Promise<Bus> => {
    const bus = await Bus.connect({ servers: [server.url], service, nkeySeed: keys.control[service].seed });
    buses.push(bus);
    return bus;
  };
  if (provisioned) await provision((await open('provisioner')).jsm, CAPACITY);
  return {
    url: server.url,
    monitoringUrl: server.monitoringUrl ?? '',
    keys,
    connect: open,
    kill: () => server.kill('SIGKILL'),
    stop: async () => {
      await Promise.all(buses.map((bus) => bus.drain()));
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
