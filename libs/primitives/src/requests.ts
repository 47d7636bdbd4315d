const SWEEP_MS = 250;
const NOBODY_LISTENS = 503;

/** What of a message {@link Requests} looks at; `code` is the status that the server puts into its header. */
export interface Reply {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers?: { readonly code: number } | undefined;
}

/** What {@link Requests} need of a connection to NATS. */
export interface Asking<R extends Reply, H> {
  publish(subject: string, body: Uint8Array, options: { reply: string; headers?: H }): void;
  subscribe(subject: string, options: { callback: (error: Error | null, reply: R) => void }): unknown;
  closed(): Promise<unknown>;
}

/** No reply came in its time: whether anybody heard the request is not known. */
export class RequestTimeout extends Error {
  readonly code = 'REQUEST_TIMEOUT';
}

/** Certainly nobody was there to hear a request. */
export class NobodyListens extends Error {
  readonly code = 'NOBODY_LISTENS';
}

interface Waiting<R> {
  readonly subject: string;
  readonly until: number;
  readonly resolve: (reply: R) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Asks over one connection to NATS and waits for one reply each: one inbox and one timer for all, because a timer, an inbox and the trace of an error for each request cost
 * more than its message. A time-out is told up to 250 ms late.
 */
export class Requests<R extends Reply, H> {
  readonly #waiting = new Map<string, Waiting<R>>();
  #asked = 0;
  #listening = false;
  #sweep: NodeJS.Timeout | undefined;

  /** `inbox` is a subject of this connection alone, under which it may subscribe. */
  constructor(
    private readonly connection: Asking<R, H>,
    private readonly inbox: string,
  ) {}

  /** Sends a request, at once, and waits for its reply; rejects with {@link RequestTimeout}, {@link NobodyListens}, or what the connection throws. */
  request(
    subject: string,
    body: Uint8Array,
    options: { readonly timeoutMs: number; readonly headers?: H },
  ): Promise<R> {
    this.#asked += 1;
    const token = this.#asked.toString(36);
    const { timeoutMs, headers } = options;
    return new Promise<R>((resolve, reject) => {
      this.#waiting.set(token, { subject, until: performance.now() + timeoutMs, resolve, reject });
      this.#sweep ??= setInterval(() => this.#expire(), SWEEP_MS).unref();
      const reply = `${this.inbox}.${token}`;
      try {
        this.#listen();
        this.connection.publish(subject, body, headers === undefined ? { reply } : { reply, headers });
      } catch (error) {
        this.#take(token)?.reject(error instanceof Error ? error : new Error('not sent', { cause: error }));
      }
    });
  }

  #listen(): void {
    if (this.#listening) return;
    this.connection.subscribe(`${this.inbox}.*`, {
      callback: (error, reply) => (error === null ? this.#settle(reply) : undefined),
    });
    this.#listening = true;
    void this.connection.closed().then(() => {
      for (const token of this.#waiting.keys()) this.#take(token)?.reject(new Error('the connection was closed'));
    });
  }

  #settle(reply: R): void {
    const waiting = this.#take(reply.subject.slice(this.inbox.length + 1));
    if (waiting === undefined) return;
    if (reply.data.length === 0 && reply.headers?.code === NOBODY_LISTENS)
      return waiting.reject(new NobodyListens(`nobody listens on ${waiting.subject}`));
    waiting.resolve(reply);
  }

  #take(token: string): Waiting<R> | undefined {
    const waiting = this.#waiting.get(token);
    this.#waiting.delete(token);
    return waiting;
  }

  #expire(): void {
    const now = performance.now();
    for (const [token, { subject, until }] of this.#waiting)
      if (until <= now) this.#take(token)?.reject(new RequestTimeout(`no reply to a request on ${subject}`));
    if (this.#waiting.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }
}
