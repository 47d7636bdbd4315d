import { strictJsonOf } from '@countersign/primitives';
import {
  MAX_BODY_BYTES,
  parseAs,
  resultEnvelopeSchema,
  taskEnvelopeSchema,
  type Part,
  type ResultEnvelope,
  type TaskEnvelope,
} from '@countersign/contracts';
import { fieldsOf, type Field } from '../detection/fields.js';
import { combine, type Combined } from '../decision/combine.js';
import type { Stage } from '../decision/effective-action.js';
import { canaryHash, canaryHits, suspectsOf, type Suspect } from '../techniques/canaries.js';
import { packVersion } from '../techniques/all-techniques.js';
import { planTransforms } from '../transform/plan-transforms.js';
import { rewriteJson } from '../transform/rewrite-json.js';
import { CANARY_GUARDRAIL } from './canary-guardrail.js';
import { codesOf, MOST_CODES, outcomesOf } from './report.js';
import { runGuardrail, type GuardrailRun, type ReadBody, type ScreeningTools } from './run-guardrail.js';
import {
  UNAVAILABLE,
  type GuardrailInForce,
  type Screening,
  type ScreeningAnswer,
  type ScreeningJob,
} from './screening-job.js';

/** Reads the parts of a stored body; undefined when it is no valid envelope or result. */
export function partsOf(body: Uint8Array, stage: Stage): readonly Part[] | undefined {
  const schema = stage === 'INPUT' ? taskEnvelopeSchema : resultEnvelopeSchema;
  const parsed = parseAs<TaskEnvelope | ResultEnvelope>(schema, strictJsonOf(body));
  return parsed.success ? parsed.data.data.parts : undefined;
}

/**
 * Screens one body: runs every enabled guardrail of the stage, combines what they came to, transforms the original and looks at the result once more. Pure: the
 * same job gives the same answer, bytes included.
 */
export function screenBody(job: ScreeningJob, tools: ScreeningTools): ScreeningAnswer {
  const { stage } = job.facts;
  const parts = partsOf(job.body, stage);
  if (parts === undefined) return screened(UNAVAILABLE);
  const body = readBody(job, parts);
  const fields = body?.fields ?? [];
  const suspects = suspectsOf(fields);
  if (suspects === undefined) return screened(UNAVAILABLE);
  const unknown = suspects.filter(({ canary }) => job.canaries.known === undefined && canary !== job.canaries.task);
  if (unknown.length > 0)
    return { kind: 'unknown-canaries', canaries: [...new Set(suspects.map(({ canary }) => canaryHash(canary)))] };
  const runs = runAll(job, body, tools);
  // of the installation's own guardrail only a hit counts: a set that is empty stays empty
  const combined = combine(
    runs.every(({ guardrail }) => guardrail.shadow) ? runs : [...runs, canaryRun(job, fields, suspects)],
    job.facts,
  );
  return screened(conclude(job, { combined, fields }, tools));
}

const screened = (screening: Screening): ScreeningAnswer => ({ kind: 'screened', screening });

function readBody(job: ScreeningJob, parts: readonly Part[]): ReadBody {
  const read = fieldsOf(parts);
  if (!read.ok) return undefined;
  let input: { readonly fields: readonly Field[] | undefined } | undefined;
  return {
    stage: job.facts.stage,
    parts,
    fields: read.fields,
    // few guardrails look at it, and only at answers that hold something
    get input() {
      return (input ??= { fields: inputOf(job) }).fields;
    },
    ...(job.prompt === undefined ? {} : { prompt: job.prompt }),
  };
}

function inputOf({ input }: ScreeningJob): readonly Field[] | undefined {
  const parts = input === undefined ? undefined : partsOf(input, 'INPUT');
  const fields = parts === undefined ? undefined : fieldsOf(parts);
  return fields?.ok === true ? fields.fields : undefined;
}

const isEnabled =
  (stage: Stage) =>
  (guardrail: GuardrailInForce): boolean =>
    guardrail.enabled && (guardrail.stage === stage || guardrail.stage === 'BOTH');

function runAll(job: ScreeningJob, body: ReadBody, tools: ScreeningTools): readonly GuardrailRun[] {
  const enabled = isEnabled(job.facts.stage);
  return job.guardrails.flatMap((guardrail, index) => {
    if (!enabled(guardrail)) return [];
    const failed = job.failed[index];
    if (failed !== undefined) return [{ guardrail, outcome: failed, hits: [], ms: guardrail.timeoutMs }];
    tools.beat(index, guardrail.timeoutMs);
    return [runGuardrail(guardrail, body, tools)];
  });
}

function canaryRun(job: ScreeningJob, fields: readonly Field[], suspects: readonly Suspect[]): GuardrailRun {
  const { task, known = [] } = job.canaries;
  const hits = canaryHits(fields, suspects, { known, ...(task === undefined ? {} : { task }) });
  return { guardrail: CANARY_GUARDRAIL, outcome: hits.length > 0 ? 'TRIGGERED' : 'NOT_TRIGGERED', hits, ms: 0 };
}

interface Found {
  readonly combined: Combined<GuardrailRun>;
  readonly fields: readonly Field[];
}

function conclude(job: ScreeningJob, { combined, fields }: Found, tools: ScreeningTools): Screening {
  const plain: Screening = {
    action: combined.action,
    codes: codesOf(combined.reasons),
    guardrails: outcomesOf(combined, { fields, hash: tools.hash, scope: job.scope.span }),
    warnings: combined.warnings,
    versions: versionsOf(combined),
    typeChanged: 0,
    ...retryOf(combined),
  };
  // people approve what they were told; what does not fit into the verdict would pass with it untold
  if (combined.action === 'ESCALATE' && combined.reasons.length > MOST_CODES)
    return blocked(plain, 'GUARDRAIL_UNAVAILABLE');
  if (combined.transforms.length === 0) return plain;
  const transformed = transform(job, fields, combined.transforms, tools);
  const insufficient =
    transformed === undefined ? 'REDACTION_INSUFFICIENT' : secondLook(job, combined, transformed.body, tools);
  if (transformed === undefined || insufficient !== undefined)
    return blocked(plain, insufficient ?? 'REDACTION_INSUFFICIENT');
  return { ...plain, transformed: transformed.body, typeChanged: transformed.typeChanged };
}

function blocked(
  { retry: _retry, ...screening }: Screening,
  code: 'REDACTION_INSUFFICIENT' | 'GUARDRAIL_UNAVAILABLE',
): Screening {
  return { ...screening, action: 'BLOCK', codes: [{ code }] };
}

function transform(
  job: ScreeningJob,
  fields: readonly Field[],
  transforms: readonly GuardrailRun[],
  { hash }: ScreeningTools,
): { readonly body: Uint8Array; readonly typeChanged: number } | undefined {
  const plan = planTransforms(fields, transforms, (purpose, text) => hash(`${purpose} ${job.scope.token}`, text));
  const { json, count } = rewriteJson(Buffer.from(job.body).toString('utf8'), plan.rewrites);
  const body = Buffer.from(json, 'utf8');
  const fit = plan.unhidden === 0 && count === plan.rewrites.length && body.length <= MAX_BODY_BYTES;
  return fit && partsOf(body, job.facts.stage) !== undefined ? { body, typeChanged: plan.typeChanged } : undefined;
}

/** Runs the guardrails that protect once more on what was transformed. What a person is asked about, and what only warns, may still be there. */
function secondLook(
  job: ScreeningJob,
  { judged }: Combined<GuardrailRun>,
  transformed: Uint8Array,
  tools: ScreeningTools,
): 'REDACTION_INSUFFICIENT' | 'GUARDRAIL_UNAVAILABLE' | undefined {
  const again = readBody(job, partsOf(transformed, job.facts.stage) ?? []);
  for (const { run, effect } of judged) {
    const { guardrail } = run;
    const protects = guardrail.category === 'SECURITY' && !guardrail.shadow && guardrail !== CANARY_GUARDRAIL;
    if (!protects || guardrail.action === 'WARN' || effect.action === 'ESCALATE' || effect.action === 'WARN') continue;
    tools.beat(job.guardrails.indexOf(guardrail), guardrail.timeoutMs);
    const { outcome, atMost } = runGuardrail(guardrail, again, tools);
    if (outcome === 'ERROR' || outcome === 'TIMEOUT') return 'GUARDRAIL_UNAVAILABLE';
    if (outcome === 'TRIGGERED' && atMost !== 'WARN') return 'REDACTION_INSUFFICIENT';
  }
  return undefined;
}

function retryOf({ action, judged }: Combined<GuardrailRun>): Pick<Screening, 'retry'> {
  const retry = judged.find(({ effect }) => effect.action === 'RETRY')?.run.guardrail.retry;
  return action === 'RETRY' && retry !== undefined ? { retry: { strategy: retry.strategy, max: retry.max } } : {};
}

function versionsOf({ judged }: Combined<GuardrailRun>): Readonly<Record<string, number>> {
  const versions: Record<string, number> = {};
  for (const { run } of judged)
    for (const name of run.guardrail.packs) versions[`pack ${name}`.slice(0, 80)] ??= packVersion(name) ?? 0;
  return versions;
}
