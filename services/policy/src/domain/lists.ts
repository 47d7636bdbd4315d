import type { List } from '@countersign/contracts';

/** Tells whether a pattern (exact, or with one trailing star) matches an entry; case-sensitive. */
export function matches(pattern: string, entry: string): boolean {
  return pattern.endsWith('*') ? entry.startsWith(pattern.slice(0, -1)) : pattern === entry;
}

/** Tells whether a list allows an entry: `null` allows any, `[]` none. */
export function allows(list: List, entry: string): boolean {
  return list === null || list.some((pattern) => matches(pattern, entry));
}

/** Tells whether everything that the second pattern matches is matched by the first. */
export function covers(wide: string, narrow: string): boolean {
  if (!narrow.endsWith('*')) return matches(wide, narrow);
  return wide.endsWith('*') && narrow.startsWith(wide.slice(0, -1));
}

/** Sorted and unique, as lists are stored. */
export function normalise(list: List): List {
  return list === null ? null : [...new Set(list)].sort();
}

/** The list that allows exactly what both allow: every entry that is covered by an entry of the other side. */
export function meet(a: List, b: List): List {
  if (a === null) return normalise(b);
  if (b === null) return normalise(a);
  const both = [...a.filter((x) => b.some((y) => covers(y, x))), ...b.filter((y) => a.some((x) => covers(x, y)))];
  return normalise(both);
}

/** A list made ready for many questions: exact entries are looked up, only patterns are walked through. */
export class ListMatcher {
  readonly #exact: ReadonlySet<string>;
  readonly #prefixes: readonly string[];

  constructor(list: readonly string[]) {
    this.#exact = new Set(list.filter((entry) => !entry.endsWith('*')));
    this.#prefixes = list.flatMap((entry) => (entry.endsWith('*') ? [entry.slice(0, -1)] : []));
  }

  /** Tells whether the list allows an entry. */
  allows(entry: string): boolean {
    return this.#exact.has(entry) || this.#prefixes.some((prefix) => entry.startsWith(prefix));
  }
}
