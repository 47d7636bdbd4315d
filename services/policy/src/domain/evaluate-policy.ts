import type { CodeRef, TaskData } from '@countersign/contracts';
import { ALL_CLAUSES } from './clauses/all-clauses.js';
import { judgeRate, RATE, retryAfterMs, type RateOutcome } from './clauses/230-rate.js';
import { faultOf } from './document-faults.js';
import { effectivePolicy, type RateLimit } from './effective-policy.js';
import { grantOf } from './grant.js';
import { sideOf } from './levels.js';
import type {
  ClauseContext,
  ClauseReport,
  ClauseResult,
  DocumentFault,
  PoliciesInForce,
  PolicyDecision,
  PolicyFacts,
} from './model.js';
import { opensAgain } from './opening.js';

/**
 * What the documents come to. Where every clause before it allows and any level limits the rate, the decision is not there yet: it waits for what asking for a
 * token came to, so that it cannot be read without asking.
 */
export type PolicyEvaluation =
  | { readonly kind: 'decided'; readonly decision: PolicyDecision }
  | {
      readonly kind: 'awaits-rate';
      readonly limits: readonly RateLimit[];
      readonly decide: (outcome: RateOutcome) => PolicyDecision;
    };

/**
 * Deny overrides, default deny: without a connection policy nothing is allowed. All clauses run, so the decision lists every reason; any denial denies, else any
 * demand for approval asks a person. A document that cannot be evaluated, or a clause that fails, denies POLICY_EVALUATION_ERROR alone.
 */
export function evaluatePolicy(policies: PoliciesInForce, task: TaskData, facts: PolicyFacts): PolicyEvaluation {
  try {
    const fault = faultOf(policies);
    if (fault !== undefined) return { kind: 'decided', decision: evaluationError(policies, fault) };
    return evaluate({ task, policies, facts, effective: effectivePolicy(policies) });
  } catch {
    return { kind: 'decided', decision: evaluationError(policies, undefined) };
  }
}

function evaluate(context: ClauseContext): PolicyEvaluation {
  const reports = ALL_CLAUSES.map((clause) => reportOf(clause, clause.evaluate(context)));
  const { rates } = context.effective;
  const decide = (outcome: RateOutcome | undefined): PolicyDecision => {
    const rate = reportOf(RATE, judgeRate(context.policies, rates, outcome));
    return combine(context, [...reports, rate], outcome);
  };
  if (rates.length === 0 || reports.some(({ outcome }) => outcome === 'DENY'))
    return { kind: 'decided', decision: decide(undefined) };
  return { kind: 'awaits-rate', limits: rates, decide };
}

function reportOf({ number, name }: Pick<ClauseReport, 'number' | 'name'>, result: ClauseResult): ClauseReport {
  return { number, name, ...result };
}

function combine(
  context: ClauseContext,
  clauses: readonly ClauseReport[],
  outcome: RateOutcome | undefined,
): PolicyDecision {
  const { effective, task } = context;
  const denied = reasons(clauses, 'DENY');
  if (denied.length > 0) {
    const hints = { ...opening(context, clauses), ...retry(context, outcome) };
    return { decision: 'DENY', codes: denied, clauses, effective, grant: undefined, ...hints };
  }
  const asked = reasons(clauses, 'ASK');
  const decision = asked.length > 0 ? 'REQUIRE_APPROVAL' : 'ALLOW';
  return { decision, codes: asked, clauses, effective, grant: grantOf(effective, task) };
}

function reasons(clauses: readonly ClauseReport[], outcome: 'DENY' | 'ASK'): readonly CodeRef[] {
  return clauses
    .filter((clause) => clause.outcome === outcome)
    .flatMap(({ number, reasons: given }) => given.map(({ code, ...rest }) => ({ code, clause: number, ...rest })));
}

/** When the client's own windows are open again; of the other side's nothing is told. */
function opening(
  { effective, facts }: ClauseContext,
  clauses: readonly ClauseReport[],
): Pick<PolicyDecision, 'nextOpenAt'> {
  const closed = clauses.some(({ number, reasons: [reason] }) => number === 150 && reason?.side === 'client');
  const next = closed ? opensAgain(effective.ownWindows, facts.now) : undefined;
  return next === undefined ? {} : { nextOpenAt: next };
}

function retry({ policies }: ClauseContext, outcome: RateOutcome | undefined): Pick<PolicyDecision, 'retryAfterMs'> {
  const after = retryAfterMs(policies, outcome);
  return after === undefined ? {} : { retryAfterMs: after };
}

function evaluationError(policies: PoliciesInForce, fault: DocumentFault | undefined): PolicyDecision {
  const side = fault === undefined ? 'client' : sideOf(fault.level, policies);
  return {
    decision: 'DENY',
    codes: [{ code: 'POLICY_EVALUATION_ERROR', clause: 90, side }],
    clauses: [],
    effective: undefined,
    grant: undefined,
    ...(fault === undefined ? {} : { fault }),
  };
}
