import type { GrantKind, NotedUse } from './least-privilege.js';

/**
 * Most entries of one kind of grant that are kept of an agent beside those that its own side wrote down: targets name the models that they used, and one that
 * invents names must not fill the books. The newest stay.
 */
export const MOST_USES = 500;

/** Last uses of the entries of an agent's grants. Taken in any order, and taken again, rows come to the same. */
export class BoundedUses {
  readonly #kinds = new Map<GrantKind, Map<string, NotedUse>>();
  #all: readonly NotedUse[] | undefined;

  /** Takes a use when it is newer than the one held; tells whether anything has changed. */
  take(use: NotedUse): boolean {
    const uses = this.#kinds.get(use.kind) ?? new Map<string, NotedUse>();
    this.#kinds.set(use.kind, uses);
    const held = uses.get(use.entry);
    if (held !== undefined && (held.at > use.at || (held.at === use.at && held.declared === use.declared)))
      return false;
    uses.set(use.entry, use);
    this.#all = undefined;
    return this.#forget(uses) !== use;
  }

  /** All that are kept. */
  get all(): readonly NotedUse[] {
    return (this.#all ??= [...this.#kinds.values()].flatMap((uses) => [...uses.values()]));
  }

  /** Forgets the oldest of what is too much, and answers which. */
  #forget(uses: Map<string, NotedUse>): NotedUse | undefined {
    if (uses.size <= MOST_USES) return undefined;
    const told = [...uses.values()].filter(({ declared }) => !declared);
    if (told.length <= MOST_USES) return undefined;
    const oldest = told.reduce((a, b) => (b.at < a.at || (b.at === a.at && b.entry > a.entry) ? b : a));
    uses.delete(oldest.entry);
    return oldest;
  }
}
