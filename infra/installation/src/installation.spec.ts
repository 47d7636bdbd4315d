import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TrustBundle } from '@countersign/identity';
import { writeDatabaseUrls } from './database.js';
import { openInstallation, type Installation } from './installation.js';
import { KEY_HOLDERS, secretFilesOf } from './key-files.js';
import { serviceEnv } from './service-env.js';
import { SERVICES } from './services.js';

const NOW = Date.UTC(2026, 10, 25);
let folder = '';
let installation: Installation;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-installation-'));
  installation = openInstallation(folder, NOW);
  writeDatabaseUrls('postgresql://postgres@db.example:5432/postgres', installation);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function contents(): Readonly<Record<string, string>> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

describe('an installation', () => {
  it('is made once: opening it again changes no file', () => {
    const before = contents();
    const again = openInstallation(folder, NOW + 86_400_000);
    expect(contents()).toEqual(before);
    expect(again.installationKey).toBe(installation.installationKey);
  });

  it('has every file that any holder of keys is told to read, for its owner only', () => {
    for (const holder of KEY_HOLDERS)
      for (const name of Object.values(secretFilesOf(holder)))
        expect([holder, name, statSync(join(folder, name)).mode & 0o777]).toEqual([holder, name, 0o600]);
  });

  it('gives no two holders a file in common', () => {
    const all = KEY_HOLDERS.flatMap((holder) => Object.values(secretFilesOf(holder)));
    expect(new Set(all).size).toBe(all.length);
  });

  it('has a trust bundle that its own key has signed', () => {
    const bundle = TrustBundle.open(installation.trustBundle, installation.installationKey);
    expect(bundle.body.keys.map((key) => key.service)).toEqual(expect.arrayContaining([...SERVICES]));
  });

  it('names in the environment of a service its own files', () => {
    const env = serviceEnv('guardrails', installation, { natsUrl: 'nats://nats:4222', healthPort: 9100 });
    expect(env).toMatchObject({
      COUNTERSIGN_SEAL_KEY_FILE: join(folder, 'seal-guardrails'),
      COUNTERSIGN_SIGNING_KEY_FILE: join(folder, 'guardrails.pem'),
      COUNTERSIGN_DATABASE_URL_FILE: join(folder, 'database-guardrails.url'),
    });
    expect(Object.values(env).join(' ')).not.toContain('dispatcher');
  });

  it('writes URLs of the product’s database with the roles of each service', () => {
    const url = new URL(contents()['migrate-audit.url'] ?? '');
    expect([url.username, url.host, url.pathname]).toEqual(['audit_migrate', 'db.example:5432', '/countersign']);
    expect(url.password).toBe(installation.passwords.audit.migrate);
  });
});
