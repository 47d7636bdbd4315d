import type { Guardrail, Part } from '@countersign/contracts';
import type { Budget } from '../detection/detect.js';
import type { Field } from '../detection/fields.js';
import type { Stage } from '../decision/effective-action.js';
import type { KeyedHash } from '../transform/mask.js';
import type { Hit } from './hit.js';

/** What an agent's system prompt leaves behind: keyed hashes of its 8-word shingles, never its words. */
export type PromptFingerprint = readonly string[];

/** A body as techniques see it. */
export interface BodyUnderScreening {
  readonly stage: Stage;
  readonly parts: readonly Part[];
  readonly fields: readonly Field[];
  /** Of an output: what the caller had sent; absent when the log no longer holds it. Read when it is asked for. */
  readonly input?: readonly Field[] | undefined;
  /** Of an output: the prompt of the agent that made it, if its operator left one. */
  readonly prompt?: PromptFingerprint;
}

/** What techniques work with besides the body. */
export interface TechniqueTools {
  readonly budget: Budget;
  readonly hash: KeyedHash;
}

/** Finds something that rules cannot. Throws {@link TimeUp} when the guardrail's time is over, anything else when it cannot tell: the guardrail has then failed. */
export type Technique = (body: BodyUnderScreening, guardrail: Guardrail, tools: TechniqueTools) => readonly Hit[];

/** The time of a guardrail is over. */
export class TimeUp extends Error {
  constructor() {
    super('the time of a guardrail is over');
  }
}

/** Goes on only while there is time. */
export function inTime(budget: Budget): void {
  if (budget.expired()) throw new TimeUp();
}

/** A hit on a whole field. */
export function wholeField(
  fields: readonly Field[],
  index: number,
  what: Pick<Hit, 'category' | 'kind' | 'atMost'>,
): Hit {
  const field = fields[index];
  return {
    ...what,
    field: index,
    start: 0,
    end: field?.text.length ?? 0,
    view: 'original',
    origin: field?.origin ?? 'data',
  };
}
