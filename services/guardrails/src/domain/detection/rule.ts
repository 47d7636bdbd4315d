import type { Category } from './category.js';
import type { Origin } from './finding.js';

/** What a rule counts for. Rules whose sum within a stretch of a field reaches FOUND are found; FOUND alone is enough. */
export type Weight = number | Readonly<Record<Origin, number>>;

/** The sum of weights from which on something is found. */
export const FOUND = 100;

/** Rules out a false hit: a checksum, too little entropy, no context word before it. */
export type Confirm = (match: string, text: string, index: number) => boolean;

/** One rule: a pattern that recheck proves linear. */
export interface Rule {
  readonly id: string;
  readonly category: Category;
  /** What it finds, such as CREDIT_CARD. */
  readonly kind: string;
  /** Global; tried on every view that the pack reads. */
  readonly pattern: RegExp;
  readonly weight: Weight;
  /** Literals in lower case of which one must occur before the pattern is tried; none: always tried. */
  readonly needs: readonly string[];
  readonly confirm?: Confirm;
  /** Where else than in the views of its pack it looks: at the original alone, or at nothing but the letters. */
  readonly on?: 'original' | 'squeezed';
}

/** A named, versioned set of rules. */
export interface RulePack {
  readonly name: string;
  readonly version: number;
  readonly categories: readonly Category[];
  /** Whether its rules look for words, in every spelling, or for values as they are written. */
  readonly reads: 'words' | 'values';
  readonly rules: readonly Rule[];
}

/** What a rule counts for in a text of an origin. */
export function weightOf({ weight }: Rule, origin: Origin): number {
  return typeof weight === 'number' ? weight : weight[origin];
}
