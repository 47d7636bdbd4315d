import type { RulePack } from '../rule.js';
import { promptInjection } from './prompt-injection.js';
import { secrets } from './secrets.js';

/** Every rule pack by name. */
export const RULE_PACKS: ReadonlyMap<string, RulePack> = new Map(
  [promptInjection, secrets].map((pack) => [pack.name, pack]),
);
