import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startTethered, type TetherOptions } from './tethered-process.js';

const PROGRAM = `process.on('SIGTERM', () => process.exit(7)); console.log('runs'); setInterval(() => undefined, 1_000);`;

describe('a process in an image without a shell', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'countersign-tethered-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const options = (command: string): TetherOptions => ({
    command,
    args: ['-e', PROGRAM],
    env: {},
    logFile: join(folder, 'log'),
    signalWhenOrphaned: 'TERM',
  });

  it('is started alone, writes its log and hears signals', async () => {
    const child = await startTethered(options(process.execPath), join(folder, 'no-shell'));
    while (!readFileSync(join(folder, 'log'), 'utf8').includes('runs'))
      await new Promise((next) => setTimeout(next, 10));
    await expect(child.stop('SIGTERM', 5_000)).resolves.toEqual({ code: 7, signal: null });
    expect(child.running).toBe(false);
  });

  it('is told to be missing when it is the program that is', async () => {
    const missing = join(folder, 'no-program');
    await expect(startTethered(options(missing), join(folder, 'no-shell'))).rejects.toThrow(`cannot start ${missing}`);
  });
});
