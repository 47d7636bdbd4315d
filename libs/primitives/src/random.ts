import { randomFillSync } from 'node:crypto';

/** Where random bytes come from. Domain code receives it, so a test can repeat a run. */
export abstract class Random {
  /** Fresh random bytes. */
  abstract bytes(count: number): Buffer;
}

const POOL_BYTES = 4096;

/** The operating system's generator, drawn in pools of 4 KiB because one call per nonce would cost more than the nonce. Bytes are never handed out twice. */
export class SystemRandom extends Random {
  #pool = Buffer.alloc(0);

  bytes(count: number): Buffer {
    if (count > POOL_BYTES) return randomFillSync(Buffer.alloc(count));
    if (this.#pool.length < count) this.#pool = randomFillSync(Buffer.alloc(POOL_BYTES));
    const taken = Buffer.from(this.#pool.subarray(0, count));
    this.#pool = this.#pool.subarray(count);
    return taken;
  }
}
