import { Random, sha256 } from '@countersign/primitives';

/** Bytes that look random and are the same in every run: SHA-256 over seed and counter. */
export class SeededRandom extends Random {
  #counter = 0;
  #left = Buffer.alloc(0);

  constructor(private readonly seed: string | number = 1) {
    super();
  }

  bytes(count: number): Buffer {
    while (this.#left.length < count) {
      this.#left = Buffer.concat([this.#left, sha256(`${String(this.seed)}/${String(this.#counter)}`)]);
      this.#counter += 1;
    }
    const taken = Buffer.from(this.#left.subarray(0, count));
    this.#left = this.#left.subarray(count);
    return taken;
  }
}
