import { formatInstant } from '@countersign/primitives';

/** Rows of other replicas may commit out of the order of their time: most are found by looking back a little every time, all by looking back far now and then. */
const OVERLAP_MS = { often: 500, seldom: 20_000 };
const SELDOM_MS = 10_000;

/** A row with when it was written. */
export interface Written {
  readonly written_at: Date;
}

/** Follows a table by the time at which its rows were written. Rows come more than once: whoever takes them must not mind. */
export class Following<R extends Written> {
  #since = 0;
  #lookedBackAt = 0;

  constructor(
    private readonly page: number,
    private readonly read: (since: string, limit: number) => Promise<readonly R[]>,
  ) {}

  /** Takes every row that was written since the last time, page by page; `now` in ms. */
  async follow(now: number, take: (row: R) => void): Promise<void> {
    const seldom = now - this.#lookedBackAt >= SELDOM_MS;
    if (seldom) this.#lookedBackAt = now;
    let since = Math.max(0, this.#since - (seldom ? OVERLAP_MS.seldom : OVERLAP_MS.often));
    for (let limit = this.page, more = true; more;) {
      const rows = await this.read(formatInstant(since), limit);
      for (const row of rows) take(row);
      const last = rows.at(-1)?.written_at.getTime() ?? since;
      more = rows.length === limit;
      // a page full of one millisecond cannot be passed by time: it is asked for larger
      if (last <= since) limit *= 2;
      since = Math.max(since, last);
    }
    this.#since = Math.max(this.#since, since);
  }
}
