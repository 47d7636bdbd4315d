import { formatDigest, toBase64Url, type Clock, type Digest, type Random } from '@countersign/primitives';
import { CONTROLS, flowSubject, laneOf, verdictSubject, type FlowKind } from '@countersign/contracts';
import { signFrame, type SigningKey } from '@countersign/identity';
import { signedHeaders, type Publisher } from './publisher.js';

/** Where an item stands: root of its frame, index and leaf of its line. */
export interface FrameRef {
  readonly frame: Digest;
  readonly index: number;
  readonly leaf: Digest;
}

/** Any item of a frame: it is about one task, which decides its lane. */
export interface FrameItem {
  readonly task: { readonly id: string };
}

/** Most items of one frame: bounds the work that one bad signature throws away, and the frame's size at usual items. */
const MAX_ITEMS = 256;

/** A fresh nonce of an item: 64 random bits. */
export function itemNonce(random: Random): string {
  return toBase64Url(random.bytes(8));
}

/** Signs and publishes frames of one service; one signature and one acknowledgement cover a batch. */
export class FrameWriter {
  constructor(
    private readonly parts: {
      readonly publisher: Publisher;
      readonly key: SigningKey;
      readonly clock: Clock;
      readonly lanes: number;
    },
  ) {}

  /** Publishes the items in frames of one lane each and waits until all are stored; answers where each item stands, in the order given. */
  async write(kind: 'vd' | FlowKind, items: readonly FrameItem[]): Promise<readonly FrameRef[]> {
    const refs: FrameRef[] = [];
    const byLane = Map.groupBy(items.keys(), (i) => laneOf(items[i]?.task.id ?? '', this.parts.lanes));
    await Promise.all(
      [...byLane].flatMap(([lane, indexes]) =>
        chunks(indexes, MAX_ITEMS).map((chunk) => this.#publish(this.#place(kind, lane), chunk, { items, refs })),
      ),
    );
    return refs;
  }

  #place(kind: 'vd' | FlowKind, lane: number): { readonly subject: string; readonly lane: number } {
    if (kind !== 'vd') return { subject: flowSubject(lane, kind), lane };
    const control = CONTROLS.find((name) => name === this.parts.key.service);
    if (control === undefined) throw new Error(`${this.parts.key.service} gives no verdicts`);
    return { subject: verdictSubject(lane, control), lane };
  }

  async #publish(
    place: { readonly subject: string; readonly lane: number },
    indexes: readonly number[],
    batch: { readonly items: readonly FrameItem[]; readonly refs: FrameRef[] },
  ): Promise<void> {
    const chosen = indexes.map((i) => batch.items[i] ?? { task: { id: '' } });
    const frame = this.#sign(place, chosen);
    if (frame === undefined) {
      const half = Math.ceil(indexes.length / 2);
      await Promise.all([
        this.#publish(place, indexes.slice(0, half), batch),
        this.#publish(place, indexes.slice(half), batch),
      ]);
      return;
    }
    await this.parts.publisher.publish(frame.subject, frame.body, signedHeaders(frame.signature));
    const root = formatDigest(frame.root);
    indexes.forEach((i, index) => {
      batch.refs[i] = { frame: root, index, leaf: formatDigest(frame.leaves[index] ?? Buffer.alloc(32)) };
    });
  }

  #sign(
    place: { readonly subject: string; readonly lane: number },
    items: readonly FrameItem[],
  ): ReturnType<typeof signFrame> | undefined {
    try {
      return signFrame(this.parts.key, { ...place, at: this.parts.clock.now() }, items);
    } catch (error) {
      if (items.length > 1 && error instanceof RangeError) return undefined;
      throw error;
    }
  }
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}
