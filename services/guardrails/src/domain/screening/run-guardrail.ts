import type { Budget, Detection } from '../detection/detect.js';
import type { Field } from '../detection/fields.js';
import { PACKS } from '../detection/packs.js';
import { strength, type RunOfGuardrail } from '../decision/effective-action.js';
import { TECHNIQUES } from '../techniques/all-techniques.js';
import { hitOf, type Hit } from '../techniques/hit.js';
import { onlyNewPersonalData } from '../techniques/new-personal-data.js';
import { ownPatterns } from '../techniques/own-patterns.js';
import { phrases } from '../techniques/phrases.js';
import { TimeUp, type BodyUnderScreening, type Technique, type TechniqueTools } from '../techniques/technique.js';
import type { KeyedHash } from '../transform/mask.js';
import type { GuardrailInForce } from './screening-job.js';

/** What screening works with: detection by rules, a keyed hash, the milliseconds since it began, and who is told of each guardrail before it runs. */
export interface ScreeningTools {
  readonly detect: (fields: readonly Field[], packs: readonly string[], budget: Budget) => Detection;
  readonly hash: KeyedHash;
  readonly elapsed: () => number;
  /** Called with the guardrail's index and the time that it may take, so that a run that never returns is known by name. */
  readonly beat: (guardrail: number, limitMs: number) => void;
}

/** One guardrail that ran. */
export interface GuardrailRun extends RunOfGuardrail {
  readonly guardrail: GuardrailInForce;
  readonly outcome: 'NOT_TRIGGERED' | 'TRIGGERED' | 'ERROR' | 'TIMEOUT';
  readonly hits: readonly Hit[];
  /** In whole milliseconds: the record writes no fractions. */
  readonly ms: number;
}

/** A body; undefined where it could not be read as text. */
export type ReadBody = BodyUnderScreening | undefined;

/** Runs one guardrail over a body. Whatever it throws makes it a failed one, and what that means is its failure mode. */
export function runGuardrail(guardrail: GuardrailInForce, body: ReadBody, tools: ScreeningTools): GuardrailRun {
  const started = tools.elapsed();
  const budget: Budget = { expired: () => tools.elapsed() - started > guardrail.timeoutMs };
  const found = attempt(guardrail, body, { budget, hash: tools.hash, detect: tools.detect });
  return { guardrail, ...found, ms: Math.max(0, Math.round(tools.elapsed() - started)) };
}

type Found = Pick<GuardrailRun, 'outcome' | 'hits' | 'atMost' | 'unreadable'>;
type Tools = TechniqueTools & Pick<ScreeningTools, 'detect'>;

function attempt(guardrail: GuardrailInForce, body: ReadBody, tools: Tools): Found {
  // what cannot be read triggers every guardrail that is there for security; one for quality has failed on it
  if (body === undefined)
    return guardrail.category === 'SECURITY'
      ? { outcome: 'TRIGGERED', hits: [], unreadable: true }
      : { outcome: 'ERROR', hits: [] };
  try {
    const hits = hitsOf(guardrail, body, tools);
    const atMost = mostOf(hits);
    return {
      outcome: hits.length > 0 ? 'TRIGGERED' : 'NOT_TRIGGERED',
      hits,
      ...(atMost === undefined ? {} : { atMost }),
    };
  } catch (error) {
    return { outcome: error instanceof TimeUp ? 'TIMEOUT' : 'ERROR', hits: [] };
  }
}

/** What a guardrail runs: rule packs by name, and techniques. */
interface Work {
  readonly rules: readonly string[];
  readonly techniques: readonly Technique[];
}

const WORK = new WeakMap<GuardrailInForce, Work>();

function workOf(guardrail: GuardrailInForce): Work {
  const known = WORK.get(guardrail);
  if (known !== undefined) return known;
  const work: Work = {
    rules: guardrail.packs.filter((name) => PACKS.has(name) || !TECHNIQUES.has(name)),
    techniques: [
      ...guardrail.packs.flatMap((name) => TECHNIQUES.get(name)?.run ?? []),
      ...(guardrail.patterns.length > 0 ? [ownPatterns] : []),
      ...(guardrail.phrases.length > 0 ? [phrases] : []),
    ],
  };
  WORK.set(guardrail, work);
  return work;
}

function hitsOf(guardrail: GuardrailInForce, body: BodyUnderScreening, tools: Tools): readonly Hit[] {
  const { rules, techniques } = workOf(guardrail);
  const detected = rules.length === 0 ? NOTHING : tools.detect(body.fields, rules, tools.budget);
  if (detected.timedOut) throw new TimeUp();
  const hits = [...detected.findings.map(hitOf), ...techniques.flatMap((run) => run(body, guardrail, tools))];
  if (tools.budget.expired()) throw new TimeUp();
  return body.stage === 'OUTPUT' ? onlyNewPersonalData(hits, body) : hits;
}

const NOTHING: Detection = { findings: [], timedOut: false };

/** The strongest limit of the hits; none as soon as one hit has none. */
function mostOf(hits: readonly Hit[]): Hit['atMost'] {
  if (hits.some(({ atMost }) => atMost === undefined)) return undefined;
  return hits.reduce<Hit['atMost']>(
    (most, { atMost }) => (atMost !== undefined && strength(atMost) > strength(most ?? 'ALLOW') ? atMost : most),
    undefined,
  );
}
