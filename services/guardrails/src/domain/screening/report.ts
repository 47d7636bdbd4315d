import { MAX_CODES, type CodeRef, type GuardrailOutcome } from '@countersign/contracts';
import type { Combined } from '../decision/combine.js';
import type { Field } from '../detection/fields.js';
import type { Hit, HitCategory } from '../techniques/hit.js';
import type { KeyedHash } from '../transform/mask.js';
import type { GuardrailRun } from './run-guardrail.js';

/** Most spans of one guardrail, and of one screening: a verdict has to fit into a frame with others. */
const MOST_SPANS = { guardrail: 20, screening: 60 } as const;
const MOST_OUTCOMES = 100;
/** Most reasons of one verdict. */
export const MOST_CODES = MAX_CODES;

type Reason = Combined<GuardrailRun>['reasons'][number];

/**
 * The reasons of a screening. `id` is `<guardrail>:<category>:<instruction|data>` of a block, from which trust tells who wrote from who relayed; of a question to a
 * person it is the guardrail's, except of an injection, which nobody may wave through unseen.
 */
export function codesOf(reasons: readonly Reason[]): readonly CodeRef[] {
  return reasons
    .flatMap(({ code, run }) => (run === undefined ? [{ code }] : codesOfRun(code, run)))
    .slice(0, MOST_CODES);
}

function codesOfRun(code: Reason['code'], run: GuardrailRun): readonly CodeRef[] {
  const { id, side } = run.guardrail;
  const ref = (text: string): CodeRef => ({ code, id: text, ...(side === 'target' ? { side } : {}) });
  if (run.unreadable === true) return [ref(`${id}:UNSAFE:data`)];
  const weighty = categoriesOf(run);
  if (code === 'GUARDRAIL_BLOCKED') return weighty.map(({ category, origin }) => ref(`${id}:${category}:${origin}`));
  const injection = weighty.find(({ category }) => category === 'PROMPT_INJECTION');
  return [
    ref(code === 'APPROVAL_GUARDRAIL' && injection !== undefined ? `${id}:PROMPT_INJECTION:${injection.origin}` : id),
  ];
}

/** Every category that was found once, as the agent's own words where any of it stands in an instruction: those weigh more than what it passes on. */
function categoriesOf({
  hits,
}: GuardrailRun): readonly { readonly category: HitCategory; readonly origin: 'instruction' | 'data' }[] {
  const own = new Set(hits.filter(({ origin }) => origin === 'instruction').map(({ category }) => category));
  return [...new Set(hits.map(({ category }) => category))].map((category) => ({
    category,
    origin: own.has(category) ? 'instruction' : 'data',
  }));
}

/** What a span's hash is made with, and which fields its offsets are of. */
export interface SpanContext {
  readonly fields: readonly Field[];
  readonly hash: KeyedHash;
  readonly scope: string;
}

/** What every guardrail came to, with where it found something: never what. */
export function outcomesOf({ judged }: Combined<GuardrailRun>, context: SpanContext): readonly GuardrailOutcome[] {
  let left: number = MOST_SPANS.screening;
  return judged.slice(0, MOST_OUTCOMES).map(({ run, effect }): GuardrailOutcome => {
    const { id, version, action, shadow } = run.guardrail;
    const shown = run.hits.slice(0, Math.min(left, MOST_SPANS.guardrail));
    left -= shown.length;
    const category = run.unreadable === true ? 'UNSAFE' : run.hits[0]?.category;
    return {
      id,
      version,
      outcome: run.outcome,
      action,
      ...(run.outcome === 'TRIGGERED' ? { by: 'RULE' as const } : {}),
      ...(category === undefined ? {} : { category }),
      ...(effect.code === undefined ? {} : { code: effect.code }),
      ...(shadow ? { shadow } : {}),
      ms: run.ms,
      ...(shown.length === 0 ? {} : { spans: shown.map((hit) => spanOf(hit, context)) }),
    };
  });
}

function spanOf(hit: Hit, { fields, hash, scope }: SpanContext): NonNullable<GuardrailOutcome['spans']>[number] {
  const { kind, start, end } = hit;
  const field = fields[hit.field];
  const value = field?.text.slice(start, end) ?? '';
  return { part: field?.part ?? 0, start, end, kind, hash: hash(`span ${scope} ${kind}`, value).slice(0, 32) };
}
