import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KEY_HOLDERS, secretFilesOf, SERVICES, type Installation } from '@countersign/installation';
import { parseAllDocuments } from 'yaml';
import { kubernetesManifests, secretKeyOf } from './kubernetes-manifests.js';
import { natsConfigOf } from './roles/nats-config.js';
import { makeSecrets } from './roles/secrets.js';
import { runFileOf } from './run-file.js';

const NOW = Date.UTC(2026, 10, 25);
let folder = '';
let installation: Installation;
const text = (name: string): string => readFileSync(join(folder, name), 'utf8');

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-secrets-'));
  installation = makeSecrets(folder, { database: 'postgres:5432', now: NOW });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('secrets', () => {
  it('are for their owner only, every one', () => {
    const open = readdirSync(folder).filter((name) => (statSync(join(folder, name)).mode & 0o777) !== 0o600);
    expect(open).toEqual([]);
  });

  it('are complete: what any holder reads is there', () => {
    const wanted = KEY_HOLDERS.flatMap((holder) => Object.values(secretFilesOf(holder)));
    expect(readdirSync(folder)).toEqual(
      expect.arrayContaining([...wanted, 'trust-bundle.json', 'admin.url', 'database.json']),
    );
  });

  it('are made once: again, nothing changes', () => {
    const contents = (): readonly string[] =>
      readdirSync(folder)
        .sort()
        .map((name) => `${name}=${text(name)}`);
    const before = contents();
    makeSecrets(folder, { database: 'postgres:5432', now: NOW + 1 });
    expect(contents()).toEqual(before);
  });

  it('follow another database server with the same passwords', () => {
    const password = new URL(text('database-policy.url')).password;
    makeSecrets(folder, { database: 'db.example:6543', now: NOW });
    const url = new URL(text('database-policy.url'));
    expect([url.host, url.password]).toEqual(['db.example:6543', password]);
    makeSecrets(folder, { database: 'postgres:5432', now: NOW });
  });

  it('refuse a server that is none', () => {
    expect(() => makeSecrets(folder, { database: 'postgres://x', now: NOW })).toThrow(
      '--database postgres://x: right would be host:port',
    );
  });
});

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly stringData?: Readonly<Record<string, string>>;
  readonly data?: Readonly<Record<string, string>>;
}

describe('secrets for Kubernetes', () => {
  const manifests = (): readonly Manifest[] =>
    parseAllDocuments(kubernetesManifests(folder, installation, 'agents')).map(
      (document) => document.toJS() as Manifest,
    );
  const secret = (name: string): Readonly<Record<string, string>> =>
    manifests().find(({ kind, metadata }) => kind === 'Secret' && metadata.name === `countersign-${name}`)
      ?.stringData ?? {};

  it.each(KEY_HOLDERS)('give %s what it reads and nothing else', (holder) => {
    const wanted = Object.entries(secretFilesOf(holder)).map(([variable, file]) => [secretKeyOf(variable), text(file)]);
    expect(secret(holder)).toEqual(Object.fromEntries(wanted));
  });

  it('stand in the namespace that was asked for, each under a name of its own', () => {
    expect(new Set(manifests().map(({ metadata }) => metadata.namespace))).toEqual(new Set(['agents']));
    const names = manifests().map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it('give the job that migrates its URLs, and the superuser to the one that makes roles', () => {
    expect(Object.keys(secret('migrate')).sort()).toEqual(SERVICES.map((name) => `migrate-${name}.url`).sort());
    expect(Object.keys(secret('admin')).sort()).toEqual(['admin-url', 'database-passwords', 'postgres-password']);
  });

  it('hold no secret where everybody can read', () => {
    const configs = manifests().filter(({ kind }) => kind === 'ConfigMap');
    const open = JSON.stringify(configs);
    expect(configs.map(({ metadata }) => metadata.name)).toEqual(['countersign-trust-bundle', 'countersign-nats']);
    expect(open).not.toContain('PRIVATE KEY');
    // seeds of nkeys begin with S
    expect(open).not.toMatch(/\bS[UAXNCO][A-Z2-7]{56}\b/);
  });

  it('never hold the key that the trust bundle is signed with', () => {
    const all = kubernetesManifests(folder, installation, 'agents');
    const lines = text('installation.pem').split('\n');
    expect(all).not.toContain(lines[1] ?? 'a second line');
  });
});

describe('the configuration of nats-server', () => {
  const config = (...routes: readonly string[]): string =>
    natsConfigOf({ keys: folder, storeDir: '/data', name: 'a', routes });

  it('forces every message to the disk', () => {
    expect(config()).toContain('sync_interval: always');
  });

  it('has no cluster and no secret for a single server', () => {
    expect(config()).not.toMatch(/cluster|\bS[UAXNCO][A-Z2-7]{56}\b/);
  });

  it('lets no server join without the password of the cluster', () => {
    const password = text('nats-cluster-password');
    expect(config('a:6222', 'b:6222')).toContain(`authorization { user: "cluster", password: "${password}" }`);
    expect(config('a:6222', 'b:6222')).toContain(`nats://cluster:${password}@b:6222`);
  });

  it('refuses a route that is none', () => {
    expect(() => config('nats://a')).toThrow('--route nats://a: right would be host:port');
  });
});

describe('the command line in a container', () => {
  const env = {
    COUNTERSIGN_NATS_URL: 'nats://nats:4222,nats://nats-2:4222',
    COUNTERSIGN_NATS_SEED_FILE: '/run/secrets/nats-seed',
    COUNTERSIGN_SIGNING_KEY_FILE: '/run/secrets/signing-key',
    COUNTERSIGN_TRUST_BUNDLE_FILE: '/run/secrets/trust-bundle',
    COUNTERSIGN_INSTALLATION_KEY: 'k'.repeat(43),
  };

  it('finds the system by the variables of a service', () => {
    expect(
      runFileOf({ ...env, COUNTERSIGN_HEALTH_URLS: 'policy=http://policy:9100,audit=http://audit:9100' }),
    ).toMatchObject({
      nats: 'nats://nats:4222,nats://nats-2:4222',
      operator: { natsSeedFile: '/run/secrets/nats-seed' },
      services: { policy: { health: 'http://policy:9100' }, audit: { health: 'http://audit:9100' } },
    });
  });

  it('names what is missing and what is wrong', () => {
    expect(() => runFileOf({})).toThrow('COUNTERSIGN_NATS_URL: is missing');
    expect(() => runFileOf({ ...env, COUNTERSIGN_HEALTH_URLS: 'policy' })).toThrow(
      'policy: right would be name=http://host:port',
    );
  });
});
