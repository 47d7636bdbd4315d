import type { Category } from '../category.js';
import type { Rule, Weight } from '../rule.js';

/** How rules for words are written: literals that must occur, a pattern in which `§` is up to three words and `¶` up to six, and what a match counts for. */
export interface WordRule {
  readonly id: string;
  readonly needs: string;
  readonly pattern: string;
  readonly weight: Weight;
  readonly on?: Rule['on'];
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

/** Builds the rules of a pack. */
export function wordRules(category: Category, rules: readonly WordRule[]): readonly Rule[] {
  return rules.map(({ id, needs, pattern, weight, on }) => ({
    id,
    category,
    kind: category,
    pattern: new RegExp(
      pattern.replace(/[§¶]/g, (gap) => GAPS[gap] ?? gap),
      'gi',
    ),
    weight,
    needs: needs === '' ? [] : needs.split('|'),
    ...(on === undefined ? {} : { on }),
  }));
}
