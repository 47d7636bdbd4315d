import { describe, expect, it } from '@jest/globals';
import { BatchLoop } from './batch-loop.js';

function loopOver(
  handled: string[],
  more: (batch: readonly string[]) => readonly string[] = () => [],
): BatchLoop<string> {
  const loop: BatchLoop<string> = new BatchLoop<string>({
    max: 2,
    handle: (batch) => {
      handled.push(batch.join());
      for (const message of more(batch)) loop.push(message);
      return Promise.resolve();
    },
    onError: () => undefined,
  });
  for (const message of ['a', 'b', 'c']) loop.push(message);
  return loop;
}

describe('a batch loop', () => {
  it('gives back on stop what was never started', async () => {
    const handled: string[] = [];
    expect(await loopOver(handled).stop()).toEqual(['a', 'b', 'c']);
    expect(handled).toEqual([]);
  });

  it('handles on finish all that was taken, and what came of it, and nothing after', async () => {
    const handled: string[] = [];
    const loop = loopOver(handled, (batch) => (batch.includes('c') ? ['d'] : []));
    await loop.finish();
    loop.push('e');
    await loop.finish();
    expect(handled).toEqual(['a,b', 'c', 'd']);
  });
});
