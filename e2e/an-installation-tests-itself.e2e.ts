import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startLocalSystem, type LocalRunningSystem } from './support/running-system.js';

jest.setTimeout(180_000);

const PROGRAM = join(import.meta.dirname, '..', 'infra', 'image', 'dist', 'main.js');
const CHECKS = ['health', 'allow', 'deny-over-budget', 'deny-injection', 'record', 'deny-revoked'];

/** What `helm test` runs, as the role of the image that it is, with the variables that the chart sets. */
describe('an installation that tests itself', () => {
  let running: LocalRunningSystem;

  beforeAll(async () => {
    running = await startLocalSystem('selftest');
  });

  afterAll(async () => {
    await running?.stop();
  });

  async function selftest(
    health: (urls: readonly string[]) => readonly string[],
  ): Promise<{ readonly code: number; readonly lines: readonly string[] }> {
    const { nats, operator, services } = running.system.run;
    const urls = Object.entries(services).map(([name, service]) => `${name}=${service.health}`);
    const env = {
      PATH: process.env['PATH'] ?? '',
      COUNTERSIGN_NATS_URL: nats,
      COUNTERSIGN_NATS_SEED_FILE: operator.natsSeedFile,
      COUNTERSIGN_SIGNING_KEY_FILE: operator.signingKeyFile,
      COUNTERSIGN_TRUST_BUNDLE_FILE: operator.trustBundleFile,
      COUNTERSIGN_INSTALLATION_KEY: operator.installationKey,
      COUNTERSIGN_HEALTH_URLS: health(urls).join(','),
    };
    const lines = (text: string): readonly string[] => text.trim().split('\n');
    try {
      const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, 'selftest'], { env });
      return { code: 0, lines: lines(stdout) };
    } catch (error) {
      const { code, stdout } = error as { readonly code: number; readonly stdout: string };
      return { code, lines: lines(stdout) };
    }
  }

  it('finds that every promise holds', async () => {
    expect(await selftest((urls) => urls)).toEqual({ code: 0, lines: CHECKS.map((name) => `holds   ${name}`) });
  });

  it('ends with 1 and names the service that is not there', async () => {
    const { code, lines } = await selftest((urls) => [...urls, 'nobody=http://127.0.0.1:1']);
    expect(code).toBe(1);
    expect(lines[0]).toBe('BROKEN  health: nobody at http://127.0.0.1:1: no answer');
  });
});
