import { formatInstant } from '@countersign/primitives';
import {
  CONTROLS,
  MAX_CODES,
  VERDICT_VALIDITY_MS,
  type CheckReply,
  type CodeRef,
  type Control,
  type DryRunAnswer,
  type TaskKey,
  type VerdictItem,
} from '@countersign/contracts';
import { callerCode, coded, isForeign, ownAdvice, type Parties } from './caller-reasons.js';
import { factsOf, type Decision } from './decide.js';
import type { Evaluation, TaskSummary } from './model.js';

/** A submission that is only asked about. */
export interface AskedAbout {
  readonly key: TaskKey;
  readonly digest: string;
  readonly task: TaskSummary;
  /** Now in ms. */
  readonly now: number;
}

/** Nothing is recorded of a dry run: the rules ask for a place in the record, and this one names none. */
const NO_PLACE = 0;

/** What six controls answered, as an evaluation that the same rules decide; who did not answer denies with CONTROL_ERROR. */
export function evaluationOfAnswers(asked: AskedAbout, answers: ReadonlyMap<Control, DryRunAnswer>): Evaluation {
  const { key, digest, task, now } = asked;
  const evaluation: Evaluation = {
    key,
    attempt: 1,
    round: 1,
    seq: 1,
    streamAt: now,
    digest,
    task,
    verdicts: new Map(),
    missing: new Map(),
    deniedAt: undefined,
  };
  for (const control of CONTROLS) {
    const verdict = verdictOf(asked, control, answers.get(control));
    evaluation.verdicts.set(control, { control, verdict, at: now, ref: { frame: digest, index: 0, leaf: digest } });
  }
  return evaluation;
}

function verdictOf({ key, digest, now }: AskedAbout, control: Control, answer: DryRunAnswer | undefined): VerdictItem {
  return {
    type: 'verdict',
    nonce: '',
    task: { org: key.org, agent: key.agent, id: key.task },
    seq: 1,
    attempt: 1,
    round: 1,
    digest,
    decidedAt: formatInstant(now),
    validUntil: formatInstant(now + VERDICT_VALIDITY_MS),
    ...(control === 'audit' ? { record: { position: NO_PLACE, leaf: digest } } : {}),
    ...(answer ?? silent(control)),
  };
}

function silent(control: Control): DryRunAnswer {
  const details = { service: control, cause: 'missing' };
  return { decision: 'DENY', codes: [{ code: 'CONTROL_ERROR' }], details, versions: {} };
}

/** The reply to `check`: what a submission would come to, with the reasons of the asker's own side. */
export function checkReplyOf(evaluation: Evaluation, decision: Decision): CheckReply {
  const facts = factsOf(evaluation, decision);
  const parties: Parties = { org: evaluation.key.org, targetOrg: facts.target?.org };
  const estimate = facts.estimateMicros === undefined ? {} : { estimateMicros: facts.estimateMicros };
  switch (decision.kind) {
    case 'release':
      return { decision: 'RELEASE', codes: [], ...estimate };
    case 'hold':
      return {
        decision: 'HOLD',
        ...coded('APPROVAL_PENDING'),
        codes: ownCodes(evaluation, decision.codes, parties),
        ...estimate,
      };
    // the estimates still differ when everybody is asked again: a submission would find the same
    case 'again':
      return { decision: 'DENY', ...coded('CONTROL_ERROR'), codes: [{ code: 'CONTROL_ERROR' }] };
    case 'deny': {
      const code = callerCode(decision.codes, decision.primary, parties);
      return {
        decision: 'DENY',
        ...coded(code),
        codes: ownCodes(evaluation, decision.codes, parties),
        ...ownAdvice(facts, code),
        ...(parties.targetOrg === undefined ? {} : estimate),
      };
    }
  }
}

/** Of guardrails only that they object: which one it was is not for whoever tries to get past it. */
function ownCodes({ verdicts }: Evaluation, codes: readonly CodeRef[], parties: Parties): CodeRef[] {
  const screened = new Set(verdicts.get('guardrails')?.verdict.codes);
  return codes
    .filter((code) => !isForeign(code, parties))
    .slice(0, MAX_CODES)
    .map((code) => (screened.has(code) ? { code: code.code } : { ...code }));
}
