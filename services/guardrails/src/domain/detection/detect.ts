import type { Field } from './fields.js';
import type { Finding } from './finding.js';
import { PACKS } from './packs.js';
import type { Rule, RulePack } from './rule.js';

/** What was found, and whether the time ran out before everything was looked at. */
export interface Detection {
  readonly findings: readonly Finding[];
  readonly timedOut: boolean;
}

/** Time that a detection may take; asked between rules. */
export interface Budget {
  expired(): boolean;
}

/** Runs rule packs over the fields of a body. Throws on a pack that is not in PACKS: whoever stored the name must be told, not passed. */
export function detect(fields: readonly Field[], packs: readonly string[], budget: Budget): Detection {
  const named = packs.map((name) => {
    const pack = PACKS.get(name);
    if (pack === undefined) throw new RangeError(`there is no rule pack "${name}"`);
    return pack;
  });
  const findings: Finding[] = [];
  for (const [index, field] of fields.entries())
    for (const pack of named)
      for (const rule of pack.rules) {
        if (budget.expired()) return { findings, timedOut: true };
        findings.push(...found(pack, rule, field, index));
      }
  return { findings, timedOut: false };
}

function found(pack: RulePack, rule: Rule, field: Field, index: number): readonly Finding[] {
  return [...field.text.matchAll(rule.pattern)]
    .filter((m) => rule.confirm === undefined || rule.confirm(m[0], field.text, m.index))
    .map((m) => ({
      pack: pack.name,
      rule: rule.id,
      category: rule.category,
      kind: rule.kind,
      field: index,
      start: m.index,
      end: m.index + m[0].length,
      view: 'original',
      origin: field.origin,
    }));
}
