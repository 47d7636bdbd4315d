import type { TaskData } from '@countersign/contracts';
import { ALL_CLAUSES } from './clauses/all-clauses.js';
import { documentsOf, effectivePolicy } from './effective-policy.js';
import type { ClauseResult, PoliciesInForce, PolicyDecision, PolicyFacts } from './model.js';
import { unsupportedPolicyFields } from './unsupported.js';

const EVALUATION_ERROR: PolicyDecision = {
  decision: 'DENY',
  codes: [{ code: 'POLICY_EVALUATION_ERROR', clause: 90, side: 'client' }],
  clauses: {},
  details: {},
  grant: undefined,
};

/**
 * Deny overrides, default deny: without a connection policy nothing is allowed. All clauses run, so the decision lists every reason; any denial denies, else any
 * demand for approval asks a person. A document that asks for what no clause enforces, or a clause that fails, denies POLICY_EVALUATION_ERROR.
 */
export function evaluatePolicy(policies: PoliciesInForce, task: TaskData, facts: PolicyFacts): PolicyDecision {
  try {
    if (documentsOf(policies).some((document) => unsupportedPolicyFields(document).length > 0)) return EVALUATION_ERROR;
    const effective = effectivePolicy(policies, task);
    const results = ALL_CLAUSES.map((clause) => ({
      clause,
      result: clause.evaluate({ task, policies, effective, facts }),
    }));
    // no policy on a connection is no permission: the list of task types of a new connection is empty
    if (policies.connection === undefined) return defaultDeny(results);
    return combine(results, effective.grant);
  } catch {
    return EVALUATION_ERROR;
  }
}

interface Evaluated {
  readonly clause: { readonly number: number; readonly name: string };
  readonly result: ClauseResult;
}

function defaultDeny(results: readonly Evaluated[]): PolicyDecision {
  const clauses = Object.fromEntries(results.map(({ clause, result }) => [clause.name, result.outcome]));
  return {
    decision: 'DENY',
    codes: [{ code: 'TASK_TYPE_NOT_ALLOWED', clause: 140, side: 'client' }],
    clauses: { ...clauses, task_types: 'deny' },
    details: { task_types: { reason: 'the connection has no policy' } },
    grant: undefined,
  };
}

function combine(results: readonly Evaluated[], grant: PolicyDecision['grant']): PolicyDecision {
  const clauses: Record<string, ClauseResult['outcome']> = {};
  const details: Record<string, Readonly<Record<string, string | number | null>>> = {};
  for (const { clause, result } of results) {
    clauses[clause.name] = result.outcome;
    if (result.outcome !== 'pass' && result.detail !== undefined) details[clause.name] = result.detail;
  }
  const said = (outcome: 'deny' | 'ask'): PolicyDecision['codes'] =>
    results.flatMap(({ clause, result }) =>
      result.outcome === outcome ? [{ code: result.code, clause: clause.number, side: result.side }] : [],
    );
  const denied = said('deny');
  if (denied.length > 0) return { decision: 'DENY', codes: denied, clauses, details, grant: undefined };
  const asked = said('ask');
  return { decision: asked.length > 0 ? 'REQUIRE_APPROVAL' : 'ALLOW', codes: asked, clauses, details, grant };
}
