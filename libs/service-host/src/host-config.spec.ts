import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { ConfigInvalid, hostConfigSchema, keyFile, readConfig, secretFile } from './host-config.js';

const dir = mkdtempSync(join(tmpdir(), 'countersign-config-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function file(name: string, content: string, mode = 0o600): string {
  const path = join(dir, name);
  writeFileSync(path, content, { mode });
  chmodSync(path, mode);
  return path;
}
const GOOD = {
  COUNTERSIGN_NATS_URL: 'nats://127.0.0.1:4222,nats://127.0.0.1:4223',
  COUNTERSIGN_NATS_SEED_FILE: file('seed', 'the-seed\n'),
  COUNTERSIGN_SIGNING_KEY_FILE: file('key', 'the-key\n'),
  COUNTERSIGN_TRUST_BUNDLE_FILE: file('bundle', '{"body":"b","sig":"s"}', 0o644),
  COUNTERSIGN_INSTALLATION_KEY: 'k'.repeat(43),
  COUNTERSIGN_DATABASE_URL_FILE: file('database', 'postgres://a:secret@127.0.0.1/x'),
  COUNTERSIGN_HEALTH_PORT: '0',
};
function problemsOf(
  env: Readonly<Record<string, string | undefined>>,
  schema: z.ZodObject = hostConfigSchema,
): readonly string[] {
  try {
    readConfig(schema, env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigInvalid)) throw error;
    return error.problems;
  }
}

describe('the configuration of a process', () => {
  it('is read with what its files hold, without the last line feed', () => {
    const config = readConfig(hostConfigSchema, GOOD);
    expect(config.COUNTERSIGN_NATS_URL).toEqual(['nats://127.0.0.1:4222', 'nats://127.0.0.1:4223']);
    expect(config.COUNTERSIGN_NATS_SEED_FILE).toBe('the-seed');
    expect(config.COUNTERSIGN_TRUST_BUNDLE_FILE).toEqual({ body: 'b', sig: 's' });
    expect(config).toMatchObject({ COUNTERSIGN_LANES: 1, COUNTERSIGN_HEALTH_HOST: '127.0.0.1' });
  });

  it('names every variable that is missing at once', () => {
    expect(problemsOf({})).toEqual(Object.keys(GOOD).map((name) => `${name}: is missing`));
  });

  it('names every variable that is wrong at once, those of the service beside those of the host', () => {
    const schema = hostConfigSchema.extend({ COUNTERSIGN_PEPPER_FILE: keyFile() });
    const wrong = {
      COUNTERSIGN_NATS_URL: '',
      COUNTERSIGN_HEALTH_PORT: '70000',
      COUNTERSIGN_LANES: '65',
      COUNTERSIGN_LOG_LEVEL: 'loud',
      COUNTERSIGN_INSTALLATION_KEY: 'short',
      COUNTERSIGN_TRUST_BUNDLE_FILE: GOOD.COUNTERSIGN_NATS_SEED_FILE,
      COUNTERSIGN_PEPPER_FILE: file('pepper', 'c2hvcnQ'),
    };
    const named = problemsOf({ ...GOOD, ...wrong }, schema).map((problem) => problem.split(':')[0]);
    expect(new Set(named)).toEqual(new Set(Object.keys(wrong)));
  });

  it('refuses a secret that everybody can read, and one that is not there', () => {
    const open = file('open', 'the-open-secret', 0o644);
    const absent = join(dir, 'absent');
    expect(problemsOf({ ...GOOD, COUNTERSIGN_NATS_SEED_FILE: open })).toEqual([
      `COUNTERSIGN_NATS_SEED_FILE: everybody can access ${open}; right would be mode 0600`,
    ]);
    expect(problemsOf({ ...GOOD, COUNTERSIGN_SIGNING_KEY_FILE: absent })).toEqual([
      `COUNTERSIGN_SIGNING_KEY_FILE: the file ${absent} cannot be read`,
    ]);
  });

  it('shows no content of a file in its message', () => {
    const text = problemsOf({ A: file('long', 'the-secret-text') }, z.object({ A: keyFile(), B: secretFile() })).join();
    expect(text).toContain('32 bytes');
    expect(text).not.toContain('the-secret-text');
  });
});
