import { Injectable } from '@nestjs/common';
import { BodyStore, Bus, DependencyUnavailable, Publisher, type BodyAddress } from '@countersign/bus';

/** Stores transformed bodies in stream BODY. */
@Injectable()
export class TransformedBodies {
  readonly #store: BodyStore;

  constructor(bus: Bus, publisher: Publisher) {
    this.#store = new BodyStore(bus, publisher);
  }

  /** Resolves when the body is stored; what is not stored may succeed later, so whatever asked for it is given back. */
  async put(address: BodyAddress, body: Uint8Array): Promise<void> {
    await this.#store.put(address, body).catch((cause: unknown) => {
      throw new DependencyUnavailable('the stream of transformed bodies', { cause });
    });
  }
}
