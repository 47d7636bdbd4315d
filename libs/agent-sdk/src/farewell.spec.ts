import { describe, expect, it } from '@jest/globals';
import type { Status } from '@nats-io/transport-node';
import { Farewell, type Endable } from './farewell.js';

type Event = Extract<Status['type'], 'disconnect' | 'reconnect'>;

/** A connection that never finishes a drain by itself, and tells what was done with it. */
class Connection implements Endable {
  readonly done: string[] = [];
  finishDrain = (): void => undefined;
  #tell = (_event: Event): void => undefined;
  #next = this.#event();

  happens(event: Event): void {
    this.#tell(event);
  }
  drain(): Promise<void> {
    this.done.push('drain');
    return new Promise((resolve) => (this.finishDrain = resolve));
  }
  close(): Promise<void> {
    this.done.push('close');
    return Promise.resolve();
  }
  isClosed(): boolean {
    return false;
  }
  async *status(): AsyncIterable<Status> {
    for (;;) {
      const type = await this.#next;
      this.#next = this.#event();
      yield { type, server: 'nats://here' };
    }
  }
  #event(): Promise<Event> {
    return new Promise((resolve) => (this.#tell = resolve));
  }
}

/** Everything that is due in this turn has been done. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the end of a connection', () => {
  it('lets what is on its way arrive', async () => {
    const nc = new Connection();
    const end = new Farewell(nc).say();
    await settled();
    nc.finishDrain();
    await end;
    expect(nc.done).toEqual(['drain']);
  });

  it('does not wait for one that is cut', async () => {
    const nc = new Connection();
    const farewell = new Farewell(nc);
    nc.happens('disconnect');
    await settled();
    await farewell.say();
    expect(nc.done).toEqual(['close']);
  });

  it('does not wait for one that is cut while it drains', async () => {
    const nc = new Connection();
    const end = new Farewell(nc).say();
    await settled();
    nc.happens('disconnect');
    await end;
    expect(nc.done).toEqual(['drain', 'close']);
  });

  it('drains one that was cut and is back', async () => {
    const nc = new Connection();
    const farewell = new Farewell(nc);
    for (const event of ['disconnect', 'reconnect'] as const) {
      nc.happens(event);
      await settled();
    }
    const end = farewell.say();
    await settled();
    nc.finishDrain();
    await end;
    expect(nc.done).toEqual(['drain']);
  });
});
