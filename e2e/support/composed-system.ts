import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  connectOperator,
  openInstallation,
  SERVICES,
  writeSecret,
  type Folders,
  type Installation,
  type LocalSystemOptions,
  type ManagedService,
  type NatsProcess,
  type Operator,
  type RunFile,
} from '@countersign/local';

/** What journeys use of a running system, whoever started it. */
export interface JourneySystem {
  readonly run: Pick<RunFile, 'nats' | 'operator' | 'services'>;
  readonly folders: Pick<Folders, 'agents'>;
  readonly installation: Pick<Installation, 'file' | 'natsKeys'>;
  readonly services: ReadonlyMap<string, Pick<ManagedService, 'kill' | 'untilReady'>>;
  readonly nats: Pick<NatsProcess, 'kill'>;
  readonly postgres: { readonly url: string };
}

const PATIENCE_MS = 90_000;
const { COUNTERSIGN_COMPOSED: folder = '', COUNTERSIGN_COMPOSED_PROJECT: project = '' } = process.env;

/** Whether journeys are to run against a system that docker compose has started (`npm run e2e:compose`). */
export const isComposed = folder !== '';

function docker(...args: readonly string[]): { readonly ok: boolean; readonly text: string } {
  const result = spawnSync('docker', args, { encoding: 'utf8' });
  return { ok: result.status === 0, text: `${result.stdout}${result.stderr}` };
}

/** A container as journeys treat a process: signals reach its process 1, and one that was killed comes back. */
function containerOf(name: string): Pick<ManagedService, 'kill' | 'untilReady'> {
  const container = `${project}-${name}`;
  const health = ['exec', container, '/usr/local/bin/node', '/app/infra/image/dist/main.js', 'health'];
  return {
    kill: (signal) => {
      docker('kill', '--signal', signal, container);
      // docker takes a kill by hand for a wish that it stays down
      if (signal === 'SIGKILL') docker('start', container);
    },
    untilReady: async () => {
      const until = performance.now() + PATIENCE_MS;
      while (!docker(...health).ok) {
        if (performance.now() > until) throw new Error(`${container} did not become ready`);
        await sleep(250);
      }
    },
  };
}

/** URL files name the server as containers see it; here it is reached by its published port. */
function fileFromHere(name: string): string {
  const path = join(folder, '.compose', 'secrets', name);
  if (!name.endsWith('.url')) return path;
  const url = new URL(readFileSync(path, 'utf8'));
  url.host = `127.0.0.1:${process.env['COUNTERSIGN_POSTGRES_PORT'] ?? ''}`;
  const here = join(tmpdir(), `countersign-composed-${process.pid}`, basename(name));
  writeSecret(here, url.href);
  return here;
}

/** Attaches to the composed system, with as many replicas of each service as a file of journeys asks for and one of every other. */
export async function attachComposed(
  replicas: LocalSystemOptions['replicas'] = {},
): Promise<{ readonly system: JourneySystem; readonly operator: Operator }> {
  const names = SERVICES.flatMap((service) =>
    Array.from(
      { length: replicas[service] ?? 1 },
      (_, i) => [i === 0 ? service : `${service}-${i + 1}`, `${service}-${i + 1}`] as const,
    ),
  );
  scale(replicas);
  const services = new Map(names.map(([name, container]) => [name, containerOf(container)]));
  for (const service of services.values()) await service.untilReady('');
  const installation = openInstallation(join(folder, '.compose', 'secrets'), Date.now());
  const { installationKey, natsKeys, file } = installation;
  const run = {
    nats: `nats://127.0.0.1:${process.env['COUNTERSIGN_NATS_PORT'] ?? ''}`,
    services: {},
    operator: {
      natsSeedFile: file('nats-operator.seed'),
      signingKeyFile: file('operator.pem'),
      trustBundleFile: file('trust-bundle.json'),
      installationKey,
    },
  };
  const system: JourneySystem = {
    run,
    folders: { agents: join(tmpdir(), `countersign-composed-${process.pid}`) },
    installation: { file: fileFromHere, natsKeys },
    services,
    nats: containerOf('nats-1'),
    get postgres() {
      return { url: readFileSync(fileFromHere('admin.url'), 'utf8') };
    },
  };
  return { system, operator: await connectOperator(run) };
}

function scale(replicas: LocalSystemOptions['replicas'] = {}): void {
  const root = join(import.meta.dirname, '..', '..');
  const files = ['docker-compose.yml', 'infra/docker/compose.e2e.yaml'].flatMap((path) => ['-f', join(root, path)]);
  const scales = SERVICES.flatMap((service) => ['--scale', `${service}=${replicas[service] ?? 1}`]);
  const up = ['up', '--detach', '--wait', '--no-recreate', ...scales];
  const { ok, text } = docker('compose', '-p', project, '--project-directory', folder, ...files, ...up);
  if (!ok) throw new Error(`the composed system could not be scaled: ${text.slice(-1_000)}`);
}
