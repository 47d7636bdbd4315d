import { describe, expect, it } from '@jest/globals';
import { DatabaseClock, type Database, type Tx } from './index.js';

/** A database whose clock and slowness the test sets; what passes while it answers passes on the monotonic clock too. */
class Source implements Pick<Database, 'installation'> {
  monotonic = 1_000;
  ahead = 500_000;
  answersAfter = 10;
  down = false;

  async installation<T>(run: (tx: Tx) => Promise<T>): Promise<T> {
    const query = async <R extends object>(): Promise<readonly R[]> => {
      if (this.down) throw new Error('down');
      const middle = this.monotonic + this.answersAfter / 2 + this.ahead;
      this.monotonic += this.answersAfter;
      return [{ ms: String(middle) }] as unknown as readonly R[];
    };
    return run({ query, last: query });
  }
}

const started = async (source: Source): Promise<DatabaseClock> => {
  const clock = await DatabaseClock.start(source, () => source.monotonic);
  clock.stop();
  return clock;
};

describe("the database's clock", () => {
  it('goes on with the monotonic clock between two measurements', async () => {
    const source = new Source();
    const clock = await started(source);
    source.monotonic = 2_345;
    expect(clock.now()).toBe(502_345);
  });

  it('is read in the middle of the round trip', async () => {
    const source = new Source();
    source.answersAfter = 400;
    const clock = await started(source);
    expect(clock.now()).toBe(500_000 + source.monotonic);
  });

  it('does not count an answer that took longer than half a second', async () => {
    const source = new Source();
    const clock = await started(source);
    source.ahead = 900_000;
    source.answersAfter = 501;
    await clock.measure();
    expect(clock.now()).toBe(500_000 + source.monotonic);
    source.answersAfter = 500;
    await clock.measure();
    expect(clock.now()).toBe(900_000 + source.monotonic);
  });

  it('is unusable after three seconds without a measurement, and usable after the next', async () => {
    const source = new Source();
    const clock = await started(source);
    const measuredAt = source.monotonic;
    source.down = true;
    await expect(clock.measure()).rejects.toThrow('down');
    source.monotonic = measuredAt + 3_000;
    expect(clock.usable()).toBe(true);
    source.monotonic = measuredAt + 3_001;
    expect(clock.usable()).toBe(false);
    expect(() => clock.now()).toThrow(expect.objectContaining({ code: 'CLOCK_UNUSABLE' }));
    source.down = false;
    await clock.measure();
    expect(clock.usable()).toBe(true);
  });

  it('does not start without a measurement', async () => {
    const source = new Source();
    source.down = true;
    await expect(started(source)).rejects.toThrow('down');
  });

  it('that was never measured quickly enough is unusable from the start', async () => {
    const source = new Source();
    source.answersAfter = 800;
    const clock = await started(source);
    expect(() => clock.now()).toThrow(expect.objectContaining({ code: 'CLOCK_UNUSABLE' }));
  });
});
