import type { Head } from './entry-values.js';
import type { Run } from './remembered-decisions.js';

/** Chains whose heads are remembered; with one more all are forgotten. */
const MOST = 10_000;

interface Remembered {
  readonly head: Head;
  readonly alone: boolean;
  readonly run: Run;
}

/**
 * Heads as this process left them. One is used unread only while nobody else appends to its chain: that is so once it was found as it was left, and until an append fails. Beside
 * another replica that is busy with the same chain every head is read.
 */
export class RememberedHeads {
  readonly #heads = new Map<string, Remembered>();

  /** Heads of these organisations that need not be read. */
  of(orgs: readonly string[]): ReadonlyMap<string, Head> {
    return new Map(
      orgs.flatMap((org) => {
        const remembered = this.#heads.get(org);
        return remembered?.alone === true ? [[org, remembered.head] as const] : [];
      }),
    );
  }

  /** The run of appends that left the head of a chain. */
  runOf(org: string): Run | undefined {
    return this.#heads.get(org)?.run;
  }

  /** Remembers heads that a committed transaction left behind, and what it had read before. */
  left(left: ReadonlyMap<string, Head>, found: ReadonlyMap<string, Head>): void {
    for (const [org, head] of left) {
      const before = this.#heads.get(org);
      const read = found.get(org);
      const same = read === undefined ? before?.alone === true : isSame(before?.head, read);
      if (this.#heads.size >= MOST && before === undefined) this.#heads.clear();
      this.#heads.set(org, { head, alone: same, run: same && before !== undefined ? before.run : Symbol() });
    }
  }

  /** Forgets heads of a transaction that failed. */
  forget(orgs: readonly string[]): void {
    for (const org of orgs) this.#heads.delete(org);
  }
}

function isSame(one: Head | undefined, other: Head): boolean {
  return one?.size === other.size && one.last === other.last;
}
