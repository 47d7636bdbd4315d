import { exfiltration } from './packs/exfiltration.js';
import { jailbreak } from './packs/jailbreak.js';
import { pii } from './packs/pii.js';
import { promptInjection } from './packs/prompt-injection.js';
import { secrets } from './packs/secrets.js';
import type { RulePack } from './rule.js';

/** Every rule pack by name. */
export const PACKS: ReadonlyMap<string, RulePack> = new Map(
  [promptInjection, jailbreak, exfiltration, secrets, pii].map((pack) => [pack.name, pack]),
);
