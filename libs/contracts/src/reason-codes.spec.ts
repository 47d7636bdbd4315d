import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { codeRefSchema, reasonCodeSchema } from './codes.js';
import { isReasonCode, REASON_CODE_LIST, REASON_CODES, type ReasonCodeEntry, type Severity } from './reason-codes.js';

/** A group: what its codes have unless `but` says otherwise. */
interface Group {
  readonly http: number;
  readonly severity: Severity;
  readonly codes: string;
  readonly but?: Readonly<Record<string, Partial<Pick<ReasonCodeEntry, 'http' | 'severity'>>>>;
}
const http = (status: number, codes: string) => Object.fromEntries(codes.split(' ').map((c) => [c, { http: status }]));

const CATALOGUE: Readonly<Record<string, Group>> = {
  envelope: {
    http: 400,
    severity: 'INFO',
    codes: 'ENVELOPE_INVALID DUPLICATE_TASK_ID PAYLOAD_TOO_LARGE INTAKE_LIMITED TASK_NOT_FOUND',
    but: {
      ...http(409, 'DUPLICATE_TASK_ID'),
      ...http(413, 'PAYLOAD_TOO_LARGE'),
      ...http(429, 'INTAKE_LIMITED'),
      ...http(404, 'TASK_NOT_FOUND'),
    },
  },
  caller: { http: 403, severity: 'INFO', codes: 'DENIED_BY_COUNTERPARTY' },
  identity: {
    http: 403,
    severity: 'WARNING',
    codes:
      'AUTHENTICATION_FAILED CREDENTIAL_REVOKED CREDENTIAL_EXPIRED TOKEN_EPOCH_STALE AUDIENCE_MISMATCH CLIENT_AGENT_NOT_ACTIVE TARGET_AGENT_NOT_REACHABLE AGENT_REVOKED ENDPOINT_REJECTED_SSRF CREDENTIAL_KEY_IN_USE AGENT_NOT_FOUND',
    but: {
      ...http(401, 'AUTHENTICATION_FAILED CREDENTIAL_REVOKED CREDENTIAL_EXPIRED TOKEN_EPOCH_STALE'),
      ...http(422, 'ENDPOINT_REJECTED_SSRF'),
      ...http(409, 'CREDENTIAL_KEY_IN_USE'),
      ...http(404, 'AGENT_NOT_FOUND'),
    },
  },
  structure: {
    http: 403,
    severity: 'WARNING',
    codes:
      'KILL_SWITCH_ACTIVE ORG_NOT_ACTIVE CONNECTION_NOT_FOUND CONNECTION_PENDING_CONSENT CONNECTION_SUSPENDED CONNECTION_DISCONNECTED CROSS_ORG_NOT_SHARED SHARE_REVOKED DOWNSTREAM_NOT_ALLOWED',
    but: http(503, 'KILL_SWITCH_ACTIVE'),
  },
  policy: {
    http: 403,
    severity: 'WARNING',
    codes:
      'EXPLICIT_DENY TASK_TYPE_NOT_ALLOWED TASK_TYPE_FORBIDDEN_BY_TARGET OUTSIDE_TIME_WINDOW MODEL_NOT_ALLOWED TOOL_NOT_ALLOWED DATA_STORE_NOT_ALLOWED DATA_CLASS_NOT_ALLOWED COST_ESTIMATE_MISSING COST_PER_REQUEST_EXCEEDED POLICY_EVALUATION_ERROR',
    but: http(503, 'POLICY_EVALUATION_ERROR'),
  },
  rate: { http: 429, severity: 'INFO', codes: 'RATE_LIMITED' },
  delegation: {
    http: 403,
    severity: 'HIGH',
    codes:
      'ORIGINATION_NOT_ALLOWED PARENT_UNKNOWN PARENT_NOT_ACTIVE PARENT_NOT_YOURS GRANT_TOKEN_INVALID GRANT_EXPIRED HOP_LIMIT_EXCEEDED DELEGATION_CYCLE FAN_OUT_EXCEEDED TREE_SIZE_EXCEEDED GRANT_EXCEEDED',
    but: { GRANT_EXPIRED: { severity: 'INFO' }, ORIGINATION_NOT_ALLOWED: { severity: 'INFO' } },
  },
  trust: {
    http: 403,
    severity: 'WARNING',
    codes:
      'TRUST_BELOW_ORG_FLOOR TRUST_BELOW_POLICY_MIN TRUST_BELOW_CONNECTION_MIN TRUST_TARGET_BELOW_MIN TRUST_CHAIN_BELOW_MIN TRUST_UNKNOWN_AGENT TRUST_EVIDENCE_STALE',
    but: http(503, 'TRUST_EVIDENCE_STALE'),
  },
  attestation: {
    http: 422,
    severity: 'WARNING',
    codes:
      'ATT_ENVELOPE_MALFORMED ATT_PAYLOAD_TYPE ATT_NO_TRUSTED_SIGNATURE ATT_KEY_COMPROMISED ATT_KEY_NOT_VALID_AT_ISSUE ATT_STATEMENT_TYPE ATT_PREDICATE_NOT_ALLOWED ATT_SUBJECT_MISMATCH ATT_AUDIENCE ATT_NOT_YET_VALID ATT_EXPIRED ATT_LIFETIME_TOO_LONG ATT_REPLAYED_ID',
  },
  budget: {
    http: 403,
    severity: 'HIGH',
    codes:
      'BUDGET_ORG_EXHAUSTED BUDGET_AGENT_EXHAUSTED BUDGET_CONNECTION_EXHAUSTED BUDGET_TASK_EXHAUSTED BUDGET_TREE_EXHAUSTED BUDGET_SCOPE_UNKNOWN COST_MODEL_UNPRICED COST_CURRENCY_MISMATCH LOOP_DETECTED RESERVATION_RELEASED RESERVATION_CONFLICT',
    but: { ...http(503, 'BUDGET_SCOPE_UNKNOWN'), ...http(409, 'RESERVATION_RELEASED RESERVATION_CONFLICT') },
  },
  guardrails: {
    http: 403,
    severity: 'HIGH',
    codes:
      'GUARDRAIL_BLOCKED GUARDRAIL_UNAVAILABLE GUARDRAIL_UNAVAILABLE_OPEN SHADOW_BLOCK SHADOW_ESCALATE SHADOW_RETRY SHADOW_REDACT SHADOW_REPLACE SHADOW_WARN NO_GUARDRAILS_CONFIGURED REDACTION_INSUFFICIENT RETRY_NOT_PERMITTED RETRY_EXHAUSTED RETRY_NOT_IDEMPOTENT GUARDRAIL_SECURITY_MUST_FAIL_CLOSED',
    but: {
      ...http(503, 'GUARDRAIL_UNAVAILABLE'),
      ...http(422, 'GUARDRAIL_SECURITY_MUST_FAIL_CLOSED'),
      GUARDRAIL_UNAVAILABLE_OPEN: { http: 200, severity: 'WARNING' },
      ...Object.fromEntries(
        ['BLOCK', 'ESCALATE', 'RETRY', 'REDACT', 'REPLACE', 'WARN'].map((action) => [
          `SHADOW_${action}`,
          { http: 200, severity: 'INFO' as const },
        ]),
      ),
    },
  },
  approval: {
    http: 403,
    severity: 'INFO',
    codes:
      'APPROVAL_COST_ABOVE_THRESHOLD APPROVAL_DAILY_ABOVE_THRESHOLD APPROVAL_TASK_TYPE APPROVAL_GUARDRAIL APPROVAL_PENDING APPROVAL_REJECTED APPROVAL_EXPIRED APPROVAL_CHURN APPROVAL_ACTION_MISMATCH APPROVAL_STALE_DIGEST APPROVAL_NOT_ELIGIBLE REEVALUATION_DENIED',
    but: {
      ...http(
        202,
        'APPROVAL_COST_ABOVE_THRESHOLD APPROVAL_DAILY_ABOVE_THRESHOLD APPROVAL_TASK_TYPE APPROVAL_GUARDRAIL APPROVAL_PENDING',
      ),
      ...http(409, 'APPROVAL_STALE_DIGEST'),
    },
  },
  saga: {
    http: 504,
    severity: 'WARNING',
    codes:
      'VERDICT_TIMEOUT VERDICT_EXPIRED CONTROL_ERROR TARGET_UNAVAILABLE RELEASE_TIMEOUT RESULT_TIMEOUT OUTPUT_SCREEN_TIMEOUT TASK_FAILED CANCELLED_BY_USER CANCELLED_BY_PARENT STALE_ROUND AUDIT_UNAVAILABLE',
    but: {
      ...http(503, 'CONTROL_ERROR TARGET_UNAVAILABLE AUDIT_UNAVAILABLE'),
      TASK_FAILED: { http: 502 },
      CANCELLED_BY_USER: { http: 403, severity: 'INFO' },
      CANCELLED_BY_PARENT: { http: 403, severity: 'INFO' },
      STALE_ROUND: { http: 200, severity: 'INFO' },
    },
  },
  command: {
    http: 400,
    severity: 'INFO',
    codes: 'REQUEST_INVALID NOT_FOUND ALREADY_EXISTS TEMPORARILY_UNAVAILABLE',
    but: { ...http(404, 'NOT_FOUND'), ...http(409, 'ALREADY_EXISTS'), ...http(503, 'TEMPORARILY_UNAVAILABLE') },
  },
  console: {
    http: 403,
    severity: 'INFO',
    codes: 'PERMISSION_DENIED ROLE_ESCALATION LAST_OWNER FOUR_EYES_REQUIRED SELF_CONFIRMED INCIDENT_CLOSE_PRECONDITION',
    but: { ...http(409, 'LAST_OWNER INCIDENT_CLOSE_PRECONDITION'), ...http(200, 'SELF_CONFIRMED') },
  },
};

describe('the catalogue of reason codes', () => {
  it('holds every code in its group with its status and severity, and no other', () => {
    const expected = Object.entries(CATALOGUE).flatMap(([group, { codes, but, ...usual }]) =>
      codes.split(' ').map((code) => {
        const { http, severity } = { ...usual, ...but?.[code] };
        return [code, group, http, severity];
      }),
    );
    expect(
      REASON_CODE_LIST.map((code) => {
        const { group, http, severity } = REASON_CODES[code];
        return [code, group, http, severity];
      }),
    ).toEqual(expected);
  });

  it('names each code once: a second entry would silently give it another meaning', () => {
    const source = readFileSync(join(import.meta.dirname, 'reason-codes.ts'), 'utf8');
    const written = [...source.matchAll(/\[\s*'([A-Z_]+)',\s*\d+/g)].map(([, code]) => code);
    expect(written).toEqual([...REASON_CODE_LIST]);
  });

  it.each(REASON_CODE_LIST)('tells people what %s means in one sentence without a detail', (code) => {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(REASON_CODES[code].message).toMatch(/^[A-Z][^.{}<>$]*\.$/);
  });

  it('gives no two codes the same sentence', () => {
    expect(new Set(REASON_CODE_LIST.map((code) => REASON_CODES[code].message)).size).toBe(REASON_CODE_LIST.length);
  });

  it.each(['toString', '__proto__', 'constructor', 'hasOwnProperty', '', 'envelope_invalid', 'ENVELOPE_INVALID '])(
    'does not hold %p',
    (text) => {
      expect([isReasonCode(text), reasonCodeSchema.safeParse(text).success]).toEqual([false, false]);
    },
  );
});

describe('a reason', () => {
  it('is a code with the clause, side and rule that gave it', () => {
    const reason = { code: 'MODEL_NOT_ALLOWED', clause: 15, side: 'target', id: 'gpt-5' } as const;
    expect(codeRefSchema.parse(reason)).toEqual(reason);
    expect(codeRefSchema.parse({ code: 'MODEL_NOT_ALLOWED' })).toEqual({ code: 'MODEL_NOT_ALLOWED' });
  });

  it.each([
    ['code', 'MADE_UP'],
    ['clause', -1],
    ['clause', 1.5],
    ['side', 'both'],
    ['id', 'x'.repeat(201)],
  ])('is refused for a bad %s', (field, value) => {
    const found = codeRefSchema.safeParse({ code: 'MODEL_NOT_ALLOWED', [field]: value });
    expect(found.error?.issues[0]?.path).toEqual([field]);
  });
});
