import type { Place } from './document.js';
import type { Field } from './fields.js';
import type { Finding, Origin } from './finding.js';
import { PACKS } from './packs.js';
import { FOUND, weightOf, type RulePack } from './rule.js';
import { scan, type Budget, type Hit } from './scan.js';
import { scored } from './scoring.js';
import { spokenIn, type Indexed, type Spoken } from './spoken.js';

export type { Budget } from './scan.js';

/** What was found, and whether the time ran out before everything was looked at. */
export interface Detection {
  readonly findings: readonly Finding[];
  readonly timedOut: boolean;
}

/** Runs rule packs over the fields of a body. Throws on a pack that is not in PACKS: whoever stored the name must be told, not passed. */
export function detect(fields: readonly Field[], packs: readonly string[], budget: Budget): Detection {
  const named = packsNamed(packs);
  const findings: Finding[] = [];
  for (const spoken of spokenIn(fields)) {
    for (const look of [lookInside, lookAcross]) {
      const found = look(spoken, named, budget);
      if (found === undefined) return { findings, timedOut: true };
      findings.push(...found);
    }
  }
  return { findings, timedOut: false };
}

function packsNamed(names: readonly string[]): readonly RulePack[] {
  return names.map((name) => {
    const pack = PACKS.get(name);
    if (pack === undefined) throw new RangeError(`there is no rule pack "${name}"`);
    return pack;
  });
}

/** What stands in one field each. */
function lookInside(spoken: Spoken, packs: readonly RulePack[], budget: Budget): readonly Finding[] | undefined {
  const { origin, fields, whole } = spoken;
  const { document, readings } = whole;
  const hits = scan(readings, packs, budget);
  if (hits === undefined) return undefined;
  const placed = hits.map((hit) => ({ ...hit, place: document.place(hit) })).filter(({ place }) => !place.crosses);
  const found = groups(placed, ({ pack, place }) => `${pack} ${place.field}`).flatMap(
    (group) => scored(group, document.text, origin).found,
  );
  const findings = found.map((hit) => findingOf(hit, document.place(hit), origin));
  return readings.views.overflow
    ? [...findings, ...packs.flatMap((pack) => tooManyLayers(pack, fields, origin))]
    : findings;
}

/** What crosses from one string of a part's JSON into the next: an attack cut in pieces that whoever reads the JSON puts together again. */
function lookAcross(
  { origin, across }: Spoken,
  packs: readonly RulePack[],
  budget: Budget,
): readonly Finding[] | undefined {
  const findings: Finding[] = [];
  for (const { document, readings } of across) {
    const hits = scan(readings, packs, budget);
    if (hits === undefined) return undefined;
    for (const hit of hits) {
      const place = document.place(hit);
      if (place.crosses && weightOf(hit.rule, origin) >= FOUND)
        findings.push({ ...findingOf(hit, place, origin), view: 'joined' });
    }
  }
  return findings;
}

function findingOf({ pack, rule, view }: Hit, { field, start, end }: Place, origin: Origin): Finding {
  const { id, category, kind } = rule;
  return { pack, rule: id, category, kind, field, start, end, view, origin };
}

/** More layers of encoding than are looked through: nobody writes so who wants to be read, and a secret in the layer that nobody looked at would be quiet. */
function tooManyLayers(pack: RulePack, [first]: readonly Indexed[], origin: Origin): readonly Finding[] {
  if (first === undefined) return [];
  const [field, { text }] = first;
  const what = { category: 'UNSAFE', kind: 'ENCODING_LAYERS', view: 'original' } as const;
  return [{ pack: pack.name, rule: 'encoding-layers', ...what, field, start: 0, end: text.length, origin }];
}

function groups<T>(items: readonly T[], keyOf: (item: T) => string): readonly (readonly T[])[] {
  const out = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = out.get(key);
    if (group === undefined) out.set(key, [item]);
    else group.push(item);
  }
  return [...out.values()];
}
