import { DependencyUnavailable } from './errors.js';
import type { Settlement } from './judge-batch.js';

/** What delivering a batch of messages needs; each message is a frame of items. */
export interface Delivery<T> {
  readonly frames: readonly (readonly T[])[];
  /** Handles items; doing it again changes nothing. */
  readonly handle: (items: readonly T[]) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** When so many items fail alone and none succeeds, it is not the items. */
const SYSTEMIC = 8;

/**
 * Hands the items of a batch over together; where that fails they are handed over one by one, so that an item which cannot be handled keeps none of its neighbours
 * waiting. Answers what becomes of each message; rejects when a dependency is down or nothing can be handled, and the whole batch is given back.
 */
export async function deliverBatch<T>(delivery: Delivery<T>): Promise<readonly Settlement[]> {
  const { frames, handle, onError } = delivery;
  const items = frames.flat();
  try {
    if (items.length > 0) await handle(items);
    return frames.map(() => 'ack');
  } catch (error) {
    if (error instanceof DependencyUnavailable || items.length === 1) throw error;
    onError(error);
    return oneByOne(delivery);
  }
}

async function oneByOne<T>({ frames, handle, onError }: Delivery<T>): Promise<readonly Settlement[]> {
  const settled: Settlement[] = [];
  let [done, failed] = [0, 0];
  for (const items of frames) {
    const before = failed;
    for (const item of items)
      try {
        await handle([item]);
        done += 1;
      } catch (error) {
        failed += 1;
        if (error instanceof DependencyUnavailable || (done === 0 && failed >= SYSTEMIC)) throw error;
        onError(error);
      }
    settled.push(failed === before ? 'ack' : 'nak');
  }
  return settled;
}
