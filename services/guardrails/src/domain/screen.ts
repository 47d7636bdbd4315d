import type { CodeRef, Guardrail, Part, VerdictItem } from '@countersign/contracts';
import { normalise } from './normalise.js';
import { RULE_PACKS } from './packs/all-packs.js';
import type { Category, RulePack } from './rule.js';
import { textsOf, type ScannableText, type Unreadable } from './texts.js';

/** What all guardrails of a stage come to. No content is in it, only ids, categories and counts. */
export interface Screening {
  readonly blocked: boolean;
  readonly codes: readonly CodeRef[];
  readonly guardrails: NonNullable<VerdictItem['guardrails']>;
  readonly versions: Readonly<Record<string, number>>;
}

/** The stage at which a body is looked at. */
export type Stage = 'INPUT' | 'OUTPUT';

interface Hit {
  readonly category: Category;
  readonly origin: ScannableText['origin'];
}

type Found =
  | { readonly outcome: 'NOT_TRIGGERED' }
  | { readonly outcome: 'TRIGGERED'; readonly hit: Hit }
  | { readonly outcome: 'ERROR' | 'TIMEOUT' };

/**
 * Runs every enabled guardrail of a stage over a body. No guardrail at all blocks; an error or a guardrail over its time blocks too, because all of them are there
 * for security. `elapsed` gives milliseconds since the screening began.
 */
export function screenParts(
  parts: readonly Part[],
  guardrails: readonly Guardrail[],
  stage: Stage,
  elapsed: () => number,
): Screening {
  const enabled = guardrails.filter((g) => g.enabled && (g.stage === stage || g.stage === 'BOTH'));
  if (enabled.length === 0)
    return { blocked: true, codes: [{ code: 'NO_GUARDRAILS_CONFIGURED' }], guardrails: [], versions: {} };
  const texts = textsOf(parts).map((text) => ('text' in text ? { ...text, text: normalise(text.text) } : text));
  const results = enabled.map((guardrail) => ({ guardrail, found: runGuardrail(guardrail, texts, elapsed) }));
  const codes = results.flatMap(({ guardrail, found }) => codeOf(guardrail, found));
  return {
    blocked: codes.length > 0,
    codes,
    guardrails: results.map(({ guardrail: { id, version, action }, found }) => ({
      id,
      version,
      outcome: found.outcome,
      action,
    })),
    versions: Object.fromEntries(
      results.flatMap(({ guardrail }) =>
        guardrail.packs.map((name) => [`pack ${name}`, RULE_PACKS.get(name)?.version ?? 0]),
      ),
    ),
  };
}

function runGuardrail(
  guardrail: Guardrail,
  texts: readonly (ScannableText | Unreadable)[],
  elapsed: () => number,
): Found {
  const started = elapsed();
  const packs = guardrail.packs.map((name) => RULE_PACKS.get(name));
  let found: Found = { outcome: 'NOT_TRIGGERED' };
  for (const pack of packs) {
    if (pack === undefined) return { outcome: 'ERROR' };
    for (const text of texts) {
      if (elapsed() - started > guardrail.timeoutMs) return { outcome: 'TIMEOUT' };
      const hit = 'text' in text ? hitOf(pack, text) : ({ category: 'UNSAFE', origin: 'data' } as const);
      // what the agent wrote itself weighs more than what it passes on: go on until such a hit
      if (hit !== undefined && (found.outcome !== 'TRIGGERED' || found.hit.origin === 'data'))
        found = { outcome: 'TRIGGERED', hit };
    }
  }
  return found;
}

function hitOf(pack: RulePack, { text, origin }: ScannableText): Hit | undefined {
  for (const { pattern, category, confirm } of pack.rules) {
    const match = pattern.exec(text);
    if (match !== null && (confirm === undefined || confirm(match[0]))) return { category, origin };
  }
  return undefined;
}

/** `id` carries `<guardrail>:<category>:<origin>`: trust charges who wrote an injection more than who relayed it. */
function codeOf({ id }: Guardrail, found: Found): readonly CodeRef[] {
  switch (found.outcome) {
    case 'NOT_TRIGGERED':
      return [];
    case 'TRIGGERED':
      return [{ code: 'GUARDRAIL_BLOCKED', id: `${id}:${found.hit.category}:${found.hit.origin}` }];
    case 'ERROR':
    case 'TIMEOUT':
      return [{ code: 'GUARDRAIL_UNAVAILABLE', id }];
  }
}
