import type { NatsConnection } from '@nats-io/transport-node';

/** What of a connection is needed to end it. */
export type Endable = Pick<NatsConnection, 'close' | 'drain' | 'isClosed' | 'status'>;

/** Follows whether a connection stands. One that was cut, as a revoked agent's is, has nobody to drain to, and its drain would wait until it is let in again. */
export class Farewell {
  #connected = true;
  #onCut: () => void = () => undefined;

  constructor(private readonly nc: Endable) {
    void this.#follow();
  }

  /** Lets what is on its way arrive, then disconnects; at once where the connection is cut, or is cut meanwhile. */
  async say(): Promise<void> {
    if (this.nc.isClosed()) return;
    const cut = new Promise<'cut'>((resolve) => (this.#onCut = () => resolve('cut')));
    const drained = this.#connected ? this.nc.drain().then(() => 'drained' as const) : 'cut';
    if ((await Promise.race([drained, cut]).catch(() => 'cut')) === 'cut') await this.nc.close();
  }

  async #follow(): Promise<void> {
    for await (const { type } of this.nc.status()) {
      if (type === 'reconnect') this.#connected = true;
      if (type !== 'disconnect') continue;
      this.#connected = false;
      this.#onCut();
    }
  }
}
