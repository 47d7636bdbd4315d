/** What a rule finds. */
export type Category = 'PROMPT_INJECTION' | 'JAILBREAK' | 'EXFILTRATION' | 'SECRET' | 'UNSAFE';

/** One rule: a pattern that runs in linear time (no nested or ambiguous repetition) on normalised text. `confirm` rules out a false hit. */
export interface Rule {
  readonly id: string;
  readonly category: Category;
  readonly pattern: RegExp;
  readonly confirm?: (match: string) => boolean;
}

/** A named, versioned set of rules. */
export interface RulePack {
  readonly name: string;
  readonly version: number;
  readonly rules: readonly Rule[];
}
