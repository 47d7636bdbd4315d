import type { Category } from './category.js';
import type { Origin } from './finding.js';

/** What a rule counts for. In a field, rules whose sum within a stretch of text reaches 100 are found; 100 alone is enough. */
export type Weight = number | Readonly<Record<Origin, number>>;

/** One rule: a pattern that recheck proves linear. */
export interface Rule {
  readonly id: string;
  readonly category: Category;
  readonly kind: string;
  /** Global; matched against every view that the pack reads. */
  readonly pattern: RegExp;
  readonly weight: Weight;
  /** Literals of which one must occur, lower case, before the pattern is tried; absent: always tried. */
  readonly needs?: readonly string[];
  /** Rules out a false hit: a checksum, a context word before it. */
  readonly confirm?: (match: string, text: string, index: number) => boolean;
}

/** A named, versioned set of rules. */
export interface RulePack {
  readonly name: string;
  readonly version: number;
  readonly categories: readonly Category[];
  readonly rules: readonly Rule[];
}
