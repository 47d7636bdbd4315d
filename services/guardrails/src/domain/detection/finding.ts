import type { Category } from './category.js';

/** Who speaks in a text: `instruction` is what the client agent wrote, `agent_output` what an agent answered, `data` all else. */
export type Origin = 'instruction' | 'data' | 'agent_output';

/** Something that a rule found. No content is in it, only where it stands. */
export interface Finding {
  readonly pack: string;
  readonly rule: string;
  readonly category: Category;
  /** What was found, such as CREDIT_CARD, API_KEY or PROMPT_INJECTION; labels of redaction carry it. */
  readonly kind: string;
  /** Index into the list of fields. */
  readonly field: number;
  /** First UTF-16 unit of it in the original text of the field; for a finding in a decoded view the start of the encoded segment. */
  readonly start: number;
  /** The unit after the last. */
  readonly end: number;
  /**
   * Where the rule saw it: `original`, `normalised`, the name of a decoder such as `base64`, or `joined` for a match that crosses two leaves of JSON. A joined
   * finding marks what of it lies in its first field; it cannot be redacted, only reported.
   */
  readonly view: string;
  readonly origin: Origin;
}
