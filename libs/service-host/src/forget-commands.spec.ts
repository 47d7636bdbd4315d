import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { CommandLog, type Database } from '@countersign/store';
import { silentLogger } from '@countersign/testing';
import { ForgetCommands } from './forget-commands.js';

const HOUR = 3_600_000;

/** A log with so many old commands, or one whose database is away. */
class OldCommands extends CommandLog {
  readonly asked: number[] = [];
  constructor(public left: number | 'away') {
    super({} as Database);
  }
  override async forget(limit: number): Promise<number> {
    this.asked.push(limit);
    if (this.left === 'away') throw new Error('away');
    const gone = Math.min(limit, this.left);
    this.left -= gone;
    return gone;
  }
}

const running = (log: CommandLog): ForgetCommands => {
  const forgetting = new ForgetCommands(log, silentLogger('policy'));
  forgetting.onApplicationBootstrap();
  return forgetting;
};

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('the forgetting of old commands', () => {
  it('begins an hour after the start, and takes all of them in pages', async () => {
    const log = new OldCommands(2_500);
    const forgetting = running(log);
    await jest.advanceTimersByTimeAsync(HOUR - 1);
    expect(log.asked).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect([log.left, log.asked]).toEqual([0, [1_000, 1_000, 1_000]]);
    await forgetting.onApplicationShutdown();
    await jest.advanceTimersByTimeAsync(2 * HOUR);
    expect(log.asked).toHaveLength(3);
  });

  it('tries again an hour later when the database is away', async () => {
    const log = new OldCommands('away');
    const forgetting = running(log);
    await jest.advanceTimersByTimeAsync(HOUR);
    log.left = 1;
    await jest.advanceTimersByTimeAsync(HOUR);
    expect(log.left).toBe(0);
    await forgetting.onApplicationShutdown();
  });
});
