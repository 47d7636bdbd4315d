import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { natsAccountsConfig, natsServerConfig, type NatsKeys } from '@countersign/nats';
import { z } from 'zod';
import { UsageError } from '../usage-error.js';

const HELP = `nats-config --keys <dir> [options]

  Prints the configuration of a nats-server for the keys that \`secrets\` has made. It holds public keys, and with --route the password of the cluster.

  --keys <dir>            the folder of \`secrets\`
  --store-dir <dir>       where streams are kept (/data)
  --name <name>           name of the server (countersign)
  --route <host:port>     a server of the cluster, once for each; none: a single server
`;

const PORTS = { client: 4222, monitoring: 8222, cluster: 6222 } as const;

/** Prints the configuration of a nats-server. Every message is forced to the disk before it is acknowledged. */
export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      keys: { type: 'string' },
      'store-dir': { type: 'string', default: '/data' },
      name: { type: 'string', default: 'countersign' },
      route: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return (process.stdout.write(HELP), 0);
  if (values.keys === undefined)
    throw new UsageError('--keys: is missing; right would be the folder that `secrets` has written');
  process.stdout.write(
    natsConfigOf({ keys: values.keys, storeDir: values['store-dir'], name: values.name, routes: values.route }),
  );
  return 0;
}

/** What a server is to be. */
export interface NatsConfigRequest {
  readonly keys: string;
  readonly storeDir: string;
  readonly name: string;
  readonly routes: readonly string[];
}

/** The configuration of a server for the keys in a folder. */
export function natsConfigOf({ keys, storeDir, name, routes }: NatsConfigRequest): string {
  for (const route of routes)
    if (!/^[\w.-]+:\d+$/.test(route)) throw new UsageError(`--route ${route}: right would be host:port`);
  return natsServerConfig({
    host: '0.0.0.0',
    port: PORTS.client,
    monitoringPort: PORTS.monitoring,
    storeDir,
    serverName: name,
    syncAlways: true,
    keys: natsKeysIn(keys),
    ...(routes.length === 0
      ? {}
      : {
          cluster: { name: 'countersign', port: PORTS.cluster, password: read(keys, 'nats-cluster-password'), routes },
        }),
  });
}

/** The part of the configuration that a chart of others includes: accounts, callout and limits for the keys in a folder. */
export function natsAccountsOf(keys: string): string {
  return natsAccountsConfig(natsKeysIn(keys));
}

const pairSchema = z.object({ publicKey: z.string(), seed: z.string() });
const keysSchema = z.object({
  control: z.record(z.string(), pairSchema),
  auth: pairSchema,
  sys: pairSchema,
  issuer: pairSchema,
  xkey: pairSchema,
});

function natsKeysIn(folder: string): NatsKeys {
  return keysSchema.parse(JSON.parse(read(folder, 'nats.json'))) as NatsKeys;
}

function read(folder: string, name: string): string {
  try {
    return readFileSync(`${folder}/${name}`, 'utf8');
  } catch {
    throw new UsageError(`--keys ${folder}: the file ${name} cannot be read there; \`secrets ${folder}\` makes it`);
  }
}
