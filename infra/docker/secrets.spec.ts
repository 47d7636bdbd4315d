import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { prepareCompose } from './secrets.mjs';

/** A program of the image that only notes what it was asked for; what the real one writes is tested beside it. */
const asked: string[][] = [];
function program(args: readonly string[]): string {
  asked.push([...args]);
  if (args[0] === 'secrets') writeFileSync(join(args[1] ?? '', 'installation.key'), 'K'.repeat(43), { mode: 0o600 });
  return `config of ${args.join(' ')}\n`;
}

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-compose-'));
  writeFileSync(join(folder, '.env'), 'COUNTERSIGN_NATS_PORT=14222\nCOUNTERSIGN_INSTALLATION_KEY=old\n');
  prepareCompose(folder, program, 1000, 1000);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('what docker compose up needs', () => {
  it('is made for the user who owns it', () => {
    expect(readFileSync(join(folder, '.env'), 'utf8')).toContain('COUNTERSIGN_USER=1000:1000\n');
  });

  it('keeps what somebody has set, and follows the keys', () => {
    const lines = readFileSync(join(folder, '.env'), 'utf8').split('\n');
    expect(lines).toContain('COUNTERSIGN_NATS_PORT=14222');
    expect(lines.filter((line) => line.startsWith('COUNTERSIGN_INSTALLATION_KEY='))).toEqual([
      `COUNTERSIGN_INSTALLATION_KEY=${'K'.repeat(43)}`,
    ]);
  });

  it('is the same when it is made again', () => {
    const before = readFileSync(join(folder, '.env'), 'utf8');
    prepareCompose(folder, program, 1000, 1000);
    expect(readFileSync(join(folder, '.env'), 'utf8')).toBe(before);
  });

  it('lets nobody else read anything', () => {
    const state = join(folder, '.compose');
    for (const path of [state, join(state, 'secrets'), join(state, 'data', 'nats'), join(state, 'data', 'postgres')])
      expect([path, statSync(path).mode & 0o077]).toEqual([path, 0]);
    for (const name of readdirSync(join(state, 'nats')))
      expect(statSync(join(state, 'nats', name)).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, '.env')).mode & 0o777).toBe(0o600);
  });

  it('configures one server without routes, and three that know each other', () => {
    const configs = asked.filter(([role]) => role === 'nats-config').slice(0, 4);
    expect(configs.map((args) => args.filter((arg) => arg === '--route').length)).toEqual([0, 3, 3, 3]);
    expect(configs[1]).toEqual(expect.arrayContaining(['nats:6222', 'nats-2:6222', 'nats-3:6222']));
  });
});
