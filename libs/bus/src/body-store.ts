import { bodySubject, type TaskKey } from '@countersign/contracts';
import { PublishRefused } from './errors.js';
import { StreamLookup } from './stream-reader.js';
import type { Bus } from './bus.js';
import type { Publisher } from './publisher.js';

const ALREADY_THERE = 10077;

/** Which body: of one evaluation, on the way in or out. */
export interface BodyAddress {
  readonly key: TaskKey;
  readonly attempt: number;
  readonly round: number;
  readonly side: 'in' | 'out';
}

/** Transformed bodies, write-once; whoever reads one compares its digest with the one that was signed. */
export class BodyStore {
  readonly #lookup: StreamLookup;
  constructor(
    bus: Bus,
    private readonly publisher: Publisher,
  ) {
    this.#lookup = new StreamLookup(bus);
  }

  /** Stores a body. One that stands there already stays: the transforms are pure, so it is the same one or will not match its digest. */
  async put(address: BodyAddress, bytes: Uint8Array): Promise<void> {
    await this.publisher.publish(subjectOf(address), bytes).catch((error: unknown) => {
      if (!(error instanceof PublishRefused) || error.errCode !== ALREADY_THERE) throw error;
    });
  }

  /** The body, or undefined when there is none any more. */
  async get(address: BodyAddress): Promise<Buffer | undefined> {
    return (await this.#lookup.lastOf('BODY', subjectOf(address)))?.data;
  }
}

function subjectOf({ key, attempt, round, side }: BodyAddress): string {
  return bodySubject(key, attempt, round, side);
}
