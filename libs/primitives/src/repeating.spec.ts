import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Repeating } from './repeating.js';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** Work whose runs end when they are told to. */
function heldWork(): { readonly runs: (() => void)[]; readonly work: () => Promise<void> } {
  const runs: (() => void)[] = [];
  return { runs, work: () => new Promise((resolve) => runs.push(resolve)) };
}

describe('Repeating', () => {
  it('runs when the time between two has passed, and again', async () => {
    const work = jest.fn(() => Promise.resolve());
    const repeating = new Repeating({ everyMs: 1_000, work, onError: () => undefined });
    repeating.start();
    repeating.start();
    await jest.advanceTimersByTimeAsync(999);
    expect(work).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(2_001);
    expect(work).toHaveBeenCalledTimes(3);
    await repeating.stop();
  });

  it('never runs twice at once: a long run leaves others out, and who wants one now gets that one', async () => {
    const { runs, work } = heldWork();
    const repeating = new Repeating({ everyMs: 1_000, work, onError: () => undefined });
    repeating.start();
    await jest.advanceTimersByTimeAsync(3_500);
    expect(runs).toHaveLength(1);
    const joined = jest.fn();
    void repeating.now().then(joined);
    await jest.advanceTimersByTimeAsync(0);
    expect(joined).not.toHaveBeenCalled();
    runs[0]?.();
    await jest.advanceTimersByTimeAsync(0);
    expect(joined).toHaveBeenCalledTimes(1);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(runs).toHaveLength(2);
    runs[1]?.();
    await repeating.stop();
  });

  it.each([
    ['rejects', () => Promise.reject(new Error('away'))],
    [
      'throws',
      () => {
        throw new Error('away');
      },
    ],
  ])('tells of a run that %s, and runs again', async (_how, work: () => Promise<void>) => {
    const onError = jest.fn();
    const repeating = new Repeating({ everyMs: 1_000, work, onError });
    repeating.start();
    await repeating.now();
    await jest.advanceTimersByTimeAsync(2_000);
    expect(onError).toHaveBeenCalledTimes(3);
    expect(onError).toHaveBeenLastCalledWith(new Error('away'));
    await repeating.stop();
  });

  it('waits at the end for the run in work, and begins no other', async () => {
    const { runs, work } = heldWork();
    const repeating = new Repeating({ everyMs: 1_000, work, onError: () => undefined });
    repeating.start();
    void repeating.now();
    await jest.advanceTimersByTimeAsync(0);
    const stopped = jest.fn();
    void repeating.stop().then(stopped);
    await jest.advanceTimersByTimeAsync(5_000);
    expect(stopped).not.toHaveBeenCalled();
    runs[0]?.();
    await jest.advanceTimersByTimeAsync(0);
    expect(stopped).toHaveBeenCalledTimes(1);
    await repeating.now();
    await jest.advanceTimersByTimeAsync(5_000);
    expect(runs).toHaveLength(1);
  });

  it('tells the run in work that it is the last', async () => {
    const seen: AbortSignal[] = [];
    const work = (stopping: AbortSignal): Promise<void> => {
      seen.push(stopping);
      return new Promise((resolve) => stopping.addEventListener('abort', () => resolve()));
    };
    const repeating = new Repeating({ everyMs: 1_000, work, onError: () => undefined });
    void repeating.now();
    await jest.advanceTimersByTimeAsync(0);
    expect(seen.map(({ aborted }) => aborted)).toEqual([false]);
    await repeating.stop();
    expect(seen.map(({ aborted }) => aborted)).toEqual([true]);
  });
});
