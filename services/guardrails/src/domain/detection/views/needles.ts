import { trigramsOf } from './trigrams.js';

/** What a rule asks for: one of some literals in lower case, anything at all (an empty list), or nothing that a text could have. */
export type Needed = readonly string[] | 'never';

/** Lists of literals in lower case, laid out so that a text is asked for all of them in one go. */
export interface Needles {
  /** 1 for each list that every text satisfies. */
  readonly always: Uint8Array;
  /** Where an answer is written: one of its own for every view of every text would cost more than finding it. */
  readonly found: Uint8Array;
  readonly literals: readonly string[];
  /** The first trigram of each literal, and the list that it is of. */
  readonly firsts: Uint16Array;
  readonly lists: Uint16Array;
  /** Literals without a trigram. */
  readonly short: readonly { readonly literal: string; readonly list: number }[];
}

/** Lays lists of literals out. */
export function needlesOf(needed: readonly Needed[]): Needles {
  const all = needed.flatMap((literals, list) =>
    literals === 'never' ? [] : literals.map((literal) => ({ literal, list, first: trigramsOf(literal)[0] })),
  );
  const long = all.flatMap(({ literal, list, first }) => (first === undefined ? [] : [{ literal, list, first }]));
  return {
    found: new Uint8Array(needed.length),
    always: Uint8Array.from(needed, (literals) => (literals !== 'never' && literals.length === 0 ? 1 : 0)),
    literals: long.map(({ literal }) => literal),
    firsts: Uint16Array.from(long, ({ first }) => first),
    lists: Uint16Array.from(long, ({ list }) => list),
    short: all.filter(({ first }) => first === undefined),
  };
}
