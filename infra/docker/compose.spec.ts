import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { KEY_HOLDERS, secretFilesOf, SERVICES } from '@countersign/installation';
import { PINNED_NATS_SERVER_VERSION } from '@countersign/local';
import { parse } from 'yaml';

interface Service {
  readonly image: string;
  readonly user: string;
  readonly read_only: boolean;
  readonly cap_drop: readonly string[];
  readonly cap_add?: readonly string[];
  readonly privileged?: boolean;
  readonly security_opt: readonly string[];
  readonly tmpfs: readonly string[];
  readonly mem_limit: string;
  readonly pids_limit: number;
  readonly stop_grace_period: string;
  readonly logging: { readonly options: Readonly<Record<string, string>> };
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly ({ readonly source: string; readonly target: string } | string)[];
  readonly volumes?: readonly string[];
  readonly profiles?: readonly string[];
  readonly command?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: object;
  readonly networks: readonly string[];
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
}

const root = join(import.meta.dirname, '..', '..');
const read = (path: string): Compose => parse(readFileSync(join(root, path), 'utf8'), { merge: true }) as Compose;
const compose = read('docker-compose.yml');
const all = Object.entries(compose.services);
const service = (name: string): Service => {
  const found = compose.services[name];
  if (found === undefined) throw new Error(`there is no service ${name}`);
  return found;
};

describe('docker-compose.yml', () => {
  it('has every service, and what has to be done before', () => {
    expect(Object.keys(compose.services)).toEqual(
      expect.arrayContaining([...SERVICES, 'nats', 'postgres', 'roles', 'migrate', 'provision', 'demo', 'cs']),
    );
  });

  it.each(all)('hardens %s', (_name, each) => {
    expect(each).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    expect(each.user).toMatch(/^\$\{COUNTERSIGN_USER:\?/);
    expect([each.cap_add, each.privileged]).toEqual([undefined, undefined]);
    expect(each.tmpfs.some((mount) => mount.startsWith('/tmp:'))).toBe(true);
  });

  it.each(all)('bounds memory, processes, logs and stopping of %s', (_name, each) => {
    expect(each.mem_limit).toMatch(/^\d+[mg]$/);
    expect(each.pids_limit).toBeGreaterThan(0);
    expect(each.stop_grace_period).toMatch(/^\d+s$/);
    expect(each.logging.options).toMatchObject({ 'max-size': '10m', 'max-file': '3' });
  });

  it.each(all)('opens ports of %s on this machine only', (_name, { ports = [] }) => {
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it.each(all)('gives %s no secret in its environment', (_name, { environment = {} }) => {
    const wrong = Object.entries(environment).filter(
      ([name, value]) =>
        /PASSWORD|SEED|KEY|URL/.test(name) && /FILE$/.test(name) && !String(value).startsWith('/run/secrets/'),
    );
    expect(wrong).toEqual([]);
    expect(JSON.stringify(environment)).not.toMatch(/postgres(?:ql)?:\/\//);
  });

  it.each(SERVICES)('gives %s its own secret files and no other, where its variables name them', (name) => {
    const { secrets = [], environment = {} } = service(name);
    const given = secrets.map((secret) => (typeof secret === 'string' ? secret : secret.source)).sort();
    expect(given).toEqual([...Object.values(secretFilesOf(name)), 'trust-bundle.json'].sort());
    for (const [variable, file] of Object.entries(secretFilesOf(name))) {
      const secret = secrets.find((each) => typeof each !== 'string' && each.source === file);
      expect(environment[variable]).toBe(`/run/secrets/${typeof secret === 'object' ? secret.target : ''}`);
    }
  });

  it('gives the database superuser to what makes roles, and to nothing else', () => {
    const holders = all.filter(([, { secrets = [] }]) => JSON.stringify(secrets).match(/admin\.url|database\.json/));
    expect(holders.map(([name]) => name)).toEqual(['roles']);
  });

  it.each(SERVICES)('starts %s when its database, its streams and its server are there', (name) => {
    expect(service(name).depends_on).toEqual({
      nats: { condition: 'service_healthy' },
      postgres: { condition: 'service_healthy' },
      migrate: { condition: 'service_completed_successfully' },
      provision: { condition: 'service_completed_successfully' },
    });
    expect(service(name).healthcheck).toBeDefined();
  });

  it('starts the canary by its profile only, when its organisation was made with the operator’s keys, which it does not see itself', () => {
    const [setUp, canary] = [service('canary-setup'), service('canary')];
    expect([setUp.profiles, canary.profiles]).toEqual([['canary'], ['canary']]);
    expect([setUp.command, canary.command]).toEqual([['canary-setup'], ['canary']]);
    expect(Object.keys(setUp.depends_on ?? {}).sort()).toEqual([...SERVICES].sort());
    expect(canary.depends_on).toEqual({ 'canary-setup': { condition: 'service_completed_successfully' } });
    expect(setUp.secrets).toEqual(service('cs').secrets);
    expect([canary.secrets, canary.healthcheck]).toEqual([undefined, service('policy').healthcheck]);
    for (const { environment } of [setUp, canary])
      expect(environment?.['COUNTERSIGN_CANARY_FILE']).toBe('/var/lib/canary/canary.json');
    expect([setUp.volumes, canary.volumes]).toEqual([
      ['./.compose/data/canary:/var/lib/canary'],
      ['./.compose/data/canary:/var/lib/canary:ro'],
    ]);
  });

  it('has one network without a way out, where everything is but the port for agents', () => {
    expect(compose.networks['control']).toEqual({ internal: true });
    expect(all.filter(([, { networks }]) => networks.includes('edge')).map(([name]) => name)).toEqual(['nats']);
  });

  it('takes secrets from files that git ignores', () => {
    const files = Object.values(compose.secrets).map(({ file }) => file);
    expect(files.filter((file) => !file.startsWith('./.compose/secrets/'))).toEqual([]);
    const ignored = readFileSync(join(root, '.gitignore'), 'utf8').split('\n');
    expect(ignored).toEqual(expect.arrayContaining(['.compose/', '.env']));
    const used = KEY_HOLDERS.flatMap((holder) => Object.values(secretFilesOf(holder)));
    expect(Object.keys(compose.secrets)).toEqual(expect.arrayContaining(used));
  });

  it('names images by tag, the server of messages in the version that is tested', () => {
    expect(service('nats').image).toContain(`:-nats:${PINNED_NATS_SERVER_VERSION}-alpine}`);
    for (const [, { image }] of all) expect(image).not.toMatch(/@sha256|:latest/);
  });
});

describe('the overlays', () => {
  it.each(['compose.observability.yaml', 'compose.ha.yaml', 'compose.e2e.yaml'])(
    '%s opens ports on this machine only',
    (file) => {
      const ports = Object.values(read(`infra/docker/${file}`).services).flatMap((each) => each.ports ?? []);
      expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
    },
  );

  it.each(['compose.observability.yaml', 'compose.ha.yaml'])('%s hardens what it adds', (file) => {
    const added = Object.entries(read(`infra/docker/${file}`).services).filter(([name]) => !(name in compose.services));
    expect(added).not.toEqual([]);
    for (const [, each] of added)
      expect(each).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
  });
});

const OVERLAYS = ['compose.observability.yaml', 'compose.ha.yaml', 'compose.e2e.yaml'].map(
  (file) => `infra/docker/${file}`,
);
const hasCompose = spawnSync('docker', ['compose', 'version']).status === 0;

/** Needs the client only, no engine; without it these are shown as skipped. */
(hasCompose ? describe : describe.skip)('docker compose config', () => {
  const SET = {
    COUNTERSIGN_USER: '1000:1000',
    COUNTERSIGN_INSTALLATION_KEY: 'k'.repeat(43),
    COMPOSE_PROFILES: 'canary,demo,tools',
  };
  const config = (files: readonly string[], env: Readonly<Record<string, string>>) =>
    spawnSync(
      'docker',
      ['compose', '--env-file', '/dev/null', ...files.flatMap((file) => ['-f', file]), 'config', '--quiet'],
      {
        cwd: root,
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
      },
    );

  it.each([[], ...OVERLAYS.map((overlay) => [overlay])])('takes the composition with %s', (...overlays) => {
    expect(config(['docker-compose.yml', ...overlays], SET)).toMatchObject({ status: 0, stderr: '' });
  });

  it('says what to do when nothing was made yet', () => {
    const { status, stderr } = config(['docker-compose.yml'], {});
    expect(status).not.toBe(0);
    expect(stderr).toContain('run node infra/docker/secrets.mjs first');
  });
});
