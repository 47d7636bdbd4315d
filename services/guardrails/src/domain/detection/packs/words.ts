import type { Category } from '../category.js';
import type { Confirm, Rule, Weight } from '../rule.js';

/** How rules for words are written: literals that must occur, a pattern in which `§` is up to three words and `¶` up to six, and what a match counts for. */
export interface WordRule {
  readonly id: string;
  readonly needs: string;
  readonly pattern: string;
  readonly weight: Weight;
  readonly on?: Rule['on'];
  /** Whether it has to begin a sentence or follow a word such as "please". */
  readonly opens?: true;
}

const GAPS: Readonly<Record<string, string>> = {
  '§': "(?:[\\w'’&-]{1,20},? ){0,3}",
  '¶': '(?:[\\w\'’"&/-]{1,24}[,:]? ){0,6}',
};

/** Words of a text that orders are about. */
export const ORDERS =
  '(?:instructions?|prompts?|directions?|directives?|rules?|guidelines?|orders|commands?|policies|constraints|restrictions|programming|guidance|directive|assignments?)';

/** A weight that differs by who speaks: an order inside of data is suspect where an instruction may give it. */
export const inData = (data: number, instruction: number): Weight => ({ data, instruction, agent_output: instruction });

const LEAD =
  /(?:^|[.!?:;"'“”|>)\]*\u2028-] ?|\b(?:please|also|and|then|to|you|must|should|mind to|forget to|remember to|sure to|now|first|instead|just) )$/i;

/** Line breaks are gone in normalised text, so a capital letter is taken for the beginning of a sentence too. */
const opensSentence: Confirm = (match, text, index) => {
  const [letter = ''] = match;
  return letter !== letter.toLowerCase() || LEAD.test(text.slice(Math.max(0, index - 16), index));
};

/** Texts are in compatibility form when rules see them; Thai, for one, is then written differently. */
const asNormalised = (text: string): string => text.normalize('NFKC');

/** Builds the rules of a pack. */
export function wordRules(category: Category, rules: readonly WordRule[]): readonly Rule[] {
  return rules.map(({ id, needs, pattern, weight, on, opens }) => ({
    id,
    category,
    kind: category,
    pattern: new RegExp(asNormalised(pattern.replace(/[§¶]/g, (gap) => GAPS[gap] ?? gap)), 'gi'),
    weight,
    needs: needs === '' ? [] : asNormalised(needs).split('|'),
    ...(on === undefined ? {} : { on }),
    ...(opens === undefined ? {} : { confirm: opensSentence }),
  }));
}
