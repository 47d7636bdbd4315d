import { describe, expect, it } from '@jest/globals';
import { deliverBatch } from './deliver-batch.js';
import { DependencyUnavailable } from './errors.js';

/** Handles everything but what it is told to fail on. */
function world(fails: (item: number) => Error | undefined) {
  const handled: number[] = [];
  const errors: unknown[] = [];
  const handle = (items: readonly number[]): Promise<void> => {
    const error = items.map(fails).find((found) => found !== undefined);
    if (error !== undefined) return Promise.reject(error);
    handled.push(...items);
    return Promise.resolve();
  };
  const deliver = (frames: readonly (readonly number[])[]) =>
    deliverBatch({ frames, handle, onError: (error) => errors.push(error) });
  return { handled, errors, deliver };
}

describe('a batch of frames', () => {
  it('is handled together where nothing fails', async () => {
    const { deliver, handled, errors } = world(() => undefined);
    expect(await deliver([[1, 2], [], [3]])).toEqual(['ack', 'ack', 'ack']);
    expect([handled, errors]).toEqual([[1, 2, 3], []]);
  });

  it('with an item that cannot be handled keeps no other item waiting, and only its own frame comes again', async () => {
    const { deliver, handled } = world((item) => (item === 2 ? new Error('poison') : undefined));
    expect(await deliver([[1, 2, 3], [4]])).toEqual(['nak', 'ack']);
    expect(handled).toEqual([1, 3, 4]);
  });

  it('is given back whole while a dependency is down, and where nothing can be handled at all', async () => {
    await expect(world(() => new DependencyUnavailable('postgresql')).deliver([[1], [2]])).rejects.toThrow();
    const { deliver, errors } = world(() => new Error('broken'));
    await expect(deliver(Array.from({ length: 100 }, (_, i) => [i]))).rejects.toThrow('broken');
    expect(errors.length).toBeLessThan(10);
  });
});
