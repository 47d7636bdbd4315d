import { promptInjection } from '../packs/prompt-injection.js';
import { secrets } from '../packs/secrets.js';
import type { Rule, RulePack } from './rule.js';
import type { RulePack as OldPack } from '../rule.js';

function packOf(old: OldPack): RulePack {
  const rules = old.rules.map(({ id, category, pattern, confirm }): Rule => ({
    id,
    category,
    kind: category === 'SECRET' ? 'API_KEY' : category,
    pattern: new RegExp(pattern.source, `${pattern.flags}g`),
    weight: 100,
    ...(confirm === undefined ? {} : { confirm }),
  }));
  return { name: old.name, version: old.version, categories: [...new Set(rules.map((r) => r.category))], rules };
}

/** Every rule pack by name. */
export const PACKS: ReadonlyMap<string, RulePack> = new Map(
  [promptInjection, secrets].map((pack) => [pack.name, packOf(pack)]),
);
