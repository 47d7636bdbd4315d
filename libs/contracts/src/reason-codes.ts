/** How serious a code is for alerts. */
export type Severity = 'INFO' | 'WARNING' | 'HIGH' | 'CRITICAL';

/** One entry of the catalogue. */
export interface ReasonCodeEntry {
  readonly group: string;
  /** Status at the HTTP edge. */
  readonly http: number;
  readonly severity: Severity;
  /** The sentence that goes with the code to whoever is told of it; no policy detail. */
  readonly message: string;
}

type Row = readonly [code: string, http: number, severity: Severity, message: string];

const group = <const R extends readonly Row[]>(
  name: string,
  rows: R,
): { readonly [K in R[number][0]]: ReasonCodeEntry } =>
  Object.fromEntries(
    rows.map(([code, http, severity, message]) => [code, { group: name, http, severity, message }]),
  ) as never;

/** Every reason code that any part of the system gives, in one place. A code is never reused for another meaning. */
export const REASON_CODES = {
  ...group('envelope', [
    ['ENVELOPE_INVALID', 400, 'INFO', 'The task is not a valid envelope.'],
    ['DUPLICATE_TASK_ID', 409, 'INFO', 'Another task was submitted under this id.'],
    ['PAYLOAD_TOO_LARGE', 413, 'INFO', 'The body is larger than 256 KiB.'],
    ['INTAKE_LIMITED', 429, 'INFO', 'Too many submissions or requests in a short time.'],
    [
      'TASK_NOT_FOUND',
      404,
      'INFO',
      'No such task was accepted, or it ended too long ago to be told; nothing was released.',
    ],
  ]),
  ...group('caller', [['DENIED_BY_COUNTERPARTY', 403, 'INFO', "The other side's rules do not allow this task."]]),
  ...group('identity', [
    ['AUTHENTICATION_FAILED', 401, 'WARNING', 'The credential was not accepted.'],
    ['CREDENTIAL_REVOKED', 401, 'WARNING', 'The credential was revoked.'],
    ['CREDENTIAL_EXPIRED', 401, 'WARNING', 'The credential expired.'],
    ['TOKEN_EPOCH_STALE', 401, 'WARNING', 'The agent or connection changed after this task was judged.'],
    ['AUDIENCE_MISMATCH', 403, 'WARNING', 'The token is meant for somebody else.'],
    ['CLIENT_AGENT_NOT_ACTIVE', 403, 'WARNING', 'The calling agent is not active.'],
    ['TARGET_AGENT_NOT_REACHABLE', 403, 'WARNING', 'The target agent cannot be reached.'],
    ['AGENT_REVOKED', 403, 'WARNING', 'An agent of this task was revoked.'],
    ['ENDPOINT_REJECTED_SSRF', 422, 'WARNING', 'The endpoint address is not allowed.'],
    ['CREDENTIAL_KEY_IN_USE', 409, 'WARNING', 'The key is in use already.'],
    ['AGENT_NOT_FOUND', 404, 'WARNING', 'There is no such agent.'],
  ]),
  ...group('structure', [
    ['KILL_SWITCH_ACTIVE', 503, 'WARNING', 'All tasks are stopped at the moment.'],
    ['ORG_NOT_ACTIVE', 403, 'WARNING', 'The organisation is not active.'],
    ['CONNECTION_NOT_FOUND', 403, 'WARNING', 'There is no connection to this target.'],
    ['CONNECTION_PENDING_CONSENT', 403, 'WARNING', 'The connection waits for consent.'],
    ['CONNECTION_SUSPENDED', 403, 'WARNING', 'The connection is suspended.'],
    ['CONNECTION_DISCONNECTED', 403, 'WARNING', 'The connection was ended.'],
    ['CROSS_ORG_NOT_SHARED', 403, 'WARNING', 'The target is not shared with this organisation.'],
    ['SHARE_REVOKED', 403, 'WARNING', 'The share was revoked.'],
    ['DOWNSTREAM_NOT_ALLOWED', 403, 'WARNING', 'The calling agent may not call this target.'],
  ]),
  ...group('policy', [
    ['EXPLICIT_DENY', 403, 'WARNING', 'A rule denies this task explicitly.'],
    ['TASK_TYPE_NOT_ALLOWED', 403, 'WARNING', 'The task type is not allowed on this connection.'],
    ['TASK_TYPE_FORBIDDEN_BY_TARGET', 403, 'WARNING', 'The target never takes this task type.'],
    ['OUTSIDE_TIME_WINDOW', 403, 'WARNING', 'The connection is closed at this time.'],
    ['MODEL_NOT_ALLOWED', 403, 'WARNING', 'A model of this task is not allowed.'],
    ['TOOL_NOT_ALLOWED', 403, 'WARNING', 'A tool of this task is not allowed.'],
    ['DATA_STORE_NOT_ALLOWED', 403, 'WARNING', 'A data store of this task is not allowed.'],
    ['DATA_CLASS_NOT_ALLOWED', 403, 'WARNING', 'The data class of this task is not allowed.'],
    ['COST_ESTIMATE_MISSING', 403, 'WARNING', 'The task names no cost that a limit could be checked against.'],
    ['COST_PER_REQUEST_EXCEEDED', 403, 'WARNING', 'The task may cost more than one request is allowed to.'],
    ['POLICY_EVALUATION_ERROR', 503, 'WARNING', 'The policy could not be evaluated.'],
  ]),
  ...group('rate', [['RATE_LIMITED', 429, 'INFO', 'Too many tasks on this connection in a short time.']]),
  ...group('delegation', [
    ['ORIGINATION_NOT_ALLOWED', 403, 'INFO', 'The agent may not start a task of its own.'],
    ['PARENT_UNKNOWN', 403, 'HIGH', 'The parent task is not known.'],
    ['PARENT_NOT_ACTIVE', 403, 'HIGH', 'The parent task is not running.'],
    ['PARENT_NOT_YOURS', 403, 'HIGH', 'The parent task was given to another agent.'],
    ['GRANT_TOKEN_INVALID', 403, 'HIGH', 'The release grant does not verify.'],
    ['GRANT_EXPIRED', 403, 'INFO', 'The release grant expired.'],
    ['HOP_LIMIT_EXCEEDED', 403, 'HIGH', 'The chain of tasks is too long.'],
    ['DELEGATION_CYCLE', 403, 'HIGH', 'The target is part of the chain already.'],
    ['FAN_OUT_EXCEEDED', 403, 'HIGH', 'The task has too many children.'],
    ['TREE_SIZE_EXCEEDED', 403, 'HIGH', 'The tree of tasks is too large.'],
    ['GRANT_EXCEEDED', 403, 'HIGH', 'The target used more than its grant allows.'],
  ]),
  ...group('trust', [
    ['TRUST_BELOW_ORG_FLOOR', 403, 'WARNING', "The agent's trust is below the organisation's floor."],
    ['TRUST_BELOW_POLICY_MIN', 403, 'WARNING', "The agent's trust is below what a policy asks."],
    ['TRUST_BELOW_CONNECTION_MIN', 403, 'WARNING', "The agent's trust is below what the connection asks."],
    ['TRUST_TARGET_BELOW_MIN', 403, 'WARNING', "The target's trust is below what is asked."],
    ['TRUST_CHAIN_BELOW_MIN', 403, 'WARNING', 'The trust of an agent in the chain is below what is asked.'],
    ['TRUST_UNKNOWN_AGENT', 403, 'WARNING', 'There is no trust evidence for this agent.'],
    ['TRUST_EVIDENCE_STALE', 503, 'WARNING', 'Trust evidence is not up to date.'],
  ]),
  ...group('attestation', [
    ['ATT_ENVELOPE_MALFORMED', 422, 'WARNING', 'The attestation is not a DSSE envelope.'],
    ['ATT_PAYLOAD_TYPE', 422, 'WARNING', 'The payload type is not in-toto.'],
    ['ATT_NO_TRUSTED_SIGNATURE', 422, 'WARNING', 'No signature of an allowed key verifies.'],
    ['ATT_KEY_COMPROMISED', 422, 'WARNING', 'The signing key was compromised.'],
    ['ATT_KEY_NOT_VALID_AT_ISSUE', 422, 'WARNING', 'The signing key was not valid when the statement was issued.'],
    ['ATT_STATEMENT_TYPE', 422, 'WARNING', 'The statement type is not in-toto v1.'],
    ['ATT_PREDICATE_NOT_ALLOWED', 422, 'WARNING', 'The key may not make this kind of statement.'],
    ['ATT_SUBJECT_MISMATCH', 422, 'WARNING', 'The statement is about another agent.'],
    ['ATT_AUDIENCE', 422, 'WARNING', 'The statement is meant for another organisation.'],
    ['ATT_NOT_YET_VALID', 422, 'WARNING', 'The statement is not valid yet.'],
    ['ATT_EXPIRED', 422, 'WARNING', 'The statement expired.'],
    ['ATT_LIFETIME_TOO_LONG', 422, 'WARNING', 'The statement is valid for too long.'],
    ['ATT_REPLAYED_ID', 422, 'WARNING', 'Another statement has this id.'],
  ]),
  ...group('budget', [
    ['BUDGET_ORG_EXHAUSTED', 403, 'HIGH', "The organisation's budget does not cover this task."],
    ['BUDGET_AGENT_EXHAUSTED', 403, 'HIGH', "The agent's budget does not cover this task."],
    ['BUDGET_CONNECTION_EXHAUSTED', 403, 'HIGH', "The connection's budget does not cover this task."],
    ['BUDGET_TASK_EXHAUSTED', 403, 'HIGH', "The parent task's budget does not cover this task."],
    ['BUDGET_TREE_EXHAUSTED', 403, 'HIGH', "The tree's budget does not cover this task."],
    ['BUDGET_SCOPE_UNKNOWN', 503, 'HIGH', 'A budget of this task is not known.'],
    ['COST_MODEL_UNPRICED', 403, 'HIGH', 'A model of this task has no price.'],
    ['COST_CURRENCY_MISMATCH', 403, 'HIGH', 'The cost is in another currency.'],
    ['LOOP_DETECTED', 403, 'HIGH', 'The tasks of this tree go in a circle.'],
    ['RESERVATION_RELEASED', 409, 'HIGH', 'The money of this attempt was given back already.'],
    ['RESERVATION_CONFLICT', 409, 'HIGH', 'Another amount is held for this attempt.'],
  ]),
  ...group('guardrails', [
    ['GUARDRAIL_BLOCKED', 403, 'HIGH', 'A guardrail blocked the content.'],
    ['GUARDRAIL_UNAVAILABLE', 503, 'HIGH', 'A guardrail could not run.'],
    [
      'GUARDRAIL_UNAVAILABLE_OPEN',
      200,
      'WARNING',
      'A quality guardrail could not run and was passed over by a reviewed exception.',
    ],
    ['SHADOW_BLOCK', 200, 'INFO', 'A guardrail on trial would have blocked.'],
    ['SHADOW_ESCALATE', 200, 'INFO', 'A guardrail on trial would have asked a person.'],
    ['SHADOW_RETRY', 200, 'INFO', 'A guardrail on trial would have asked for another try.'],
    ['SHADOW_REDACT', 200, 'INFO', 'A guardrail on trial would have redacted.'],
    ['SHADOW_REPLACE', 200, 'INFO', 'A guardrail on trial would have replaced.'],
    ['SHADOW_WARN', 200, 'INFO', 'A guardrail on trial would have warned.'],
    ['NO_GUARDRAILS_CONFIGURED', 403, 'HIGH', 'No guardrail is switched on.'],
    ['REDACTION_INSUFFICIENT', 403, 'HIGH', 'The content is not fit to pass even redacted.'],
    ['RETRY_NOT_PERMITTED', 403, 'HIGH', 'Another try is not permitted here.'],
    ['RETRY_EXHAUSTED', 403, 'HIGH', 'No try is left.'],
    ['RETRY_NOT_IDEMPOTENT', 403, 'HIGH', 'The task may not be tried twice.'],
    ['GUARDRAIL_SECURITY_MUST_FAIL_CLOSED', 422, 'HIGH', 'A security guardrail always fails closed.'],
  ]),
  ...group('approval', [
    ['APPROVAL_COST_ABOVE_THRESHOLD', 202, 'INFO', 'A person has to approve this cost.'],
    ['APPROVAL_DAILY_ABOVE_THRESHOLD', 202, 'INFO', "A person has to approve today's cost."],
    ['APPROVAL_TASK_TYPE', 202, 'INFO', 'A person has to approve this task type.'],
    ['APPROVAL_GUARDRAIL', 202, 'INFO', 'A person has to look at the content.'],
    ['APPROVAL_PENDING', 202, 'INFO', 'A person has to approve.'],
    ['APPROVAL_REJECTED', 403, 'INFO', 'A person rejected the task.'],
    ['APPROVAL_EXPIRED', 403, 'INFO', 'Nobody approved in time.'],
    ['APPROVAL_CHURN', 403, 'INFO', 'New reasons to ask came up too often.'],
    ['APPROVAL_ACTION_MISMATCH', 403, 'INFO', 'The action is not the one that was approved.'],
    ['APPROVAL_STALE_DIGEST', 409, 'INFO', 'The request has changed since it was shown.'],
    ['APPROVAL_NOT_ELIGIBLE', 403, 'INFO', 'This person may not decide this request.'],
    ['REEVALUATION_DENIED', 403, 'INFO', 'The task was denied when it was judged again after the approval.'],
  ]),
  ...group('saga', [
    ['VERDICT_TIMEOUT', 504, 'WARNING', 'A control did not answer in time.'],
    ['VERDICT_EXPIRED', 504, 'WARNING', 'A verdict expired before the release.'],
    ['CONTROL_ERROR', 503, 'WARNING', 'A control could not judge the task.'],
    ['TARGET_UNAVAILABLE', 503, 'WARNING', 'The target is not there.'],
    ['RELEASE_TIMEOUT', 504, 'WARNING', 'The release could not be completed in time.'],
    ['RESULT_TIMEOUT', 504, 'WARNING', 'The target did not answer by the deadline.'],
    ['OUTPUT_SCREEN_TIMEOUT', 504, 'WARNING', 'The result could not be screened in time.'],
    ['TASK_FAILED', 502, 'WARNING', 'The target reported a failure.'],
    ['CANCELLED_BY_USER', 403, 'INFO', 'The task was cancelled.'],
    ['CANCELLED_BY_PARENT', 403, 'INFO', 'The parent task ended.'],
    ['STALE_ROUND', 200, 'INFO', 'A verdict of an earlier round arrived.'],
    ['AUDIT_UNAVAILABLE', 503, 'WARNING', 'The record cannot be written at the moment.'],
  ]),
  ...group('command', [
    ['REQUEST_INVALID', 400, 'INFO', 'The request is not valid.'],
    ['NOT_FOUND', 404, 'INFO', 'There is no such thing.'],
    ['ALREADY_EXISTS', 409, 'INFO', 'It exists already.'],
    ['TEMPORARILY_UNAVAILABLE', 503, 'INFO', 'This cannot be done right now; try again.'],
  ]),
  ...group('console', [
    ['PERMISSION_DENIED', 403, 'INFO', 'The permission is missing.'],
    ['ROLE_ESCALATION', 403, 'INFO', 'A role can be granted only by someone who holds it.'],
    ['LAST_OWNER', 409, 'INFO', 'The last owner cannot leave.'],
    ['FOUR_EYES_REQUIRED', 403, 'INFO', 'A second person has to confirm.'],
    ['SELF_CONFIRMED', 200, 'INFO', 'Confirmed by the same person because there is no other.'],
    ['INCIDENT_CLOSE_PRECONDITION', 409, 'INFO', 'Something is missing before the incident can be closed.'],
  ]),
} as const satisfies Record<string, ReasonCodeEntry>;

/** A stable string that says why. */
export type ReasonCode = keyof typeof REASON_CODES;

/** All codes in the order of the catalogue. */
export const REASON_CODE_LIST = Object.keys(REASON_CODES) as readonly ReasonCode[];

/** Tells whether the text is a code of the catalogue. */
export function isReasonCode(text: string): text is ReasonCode {
  return Object.hasOwn(REASON_CODES, text);
}
