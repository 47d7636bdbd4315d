/**
 * Makes one call of many: however often the result is called within a turn of the event loop, `run` is called once, at the turn's end. For writes to a socket, which cost
 * both ends more than the bytes they carry.
 */
export function onceATurn(run: () => void): () => void {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    setImmediate(() => {
      due = false;
      run();
    });
  };
}

/** What of a NATS connection {@link writeOnceATurn} reaches for; its public type does not say so. */
interface Writing {
  readonly protocol?: { flushPending?: () => void };
}

/**
 * Lets a NATS connection write once a turn of the event loop. Its client writes after every run of microtasks, so that acknowledgements, frames and requests of one turn
 * are a write, a wake-up of the server and a read each. A client that is built otherwise is left as it is.
 */
export function writeOnceATurn(connection: object): void {
  const { protocol } = connection as Writing;
  if (protocol?.flushPending !== undefined) protocol.flushPending = onceATurn(protocol.flushPending.bind(protocol));
}
