import type { CodeRef, FinishedItem, ReasonCode } from '@countersign/contracts';
import { NEGATIVE_KINDS, type NegativeKindName } from './observation.js';

/** What one reason says of one side of a task. */
export interface Charge {
  readonly kind: NegativeKindName;
  readonly code: CodeRef;
}

const SCOPE: NegativeKindName = 'POLICY_SCOPE_VIOLATION';

/**
 * What a denial says of the client. A code that is not here is no observation: faults of the platform, too little trust, approvals that expired, originating,
 * an expired grant, floods at the intake, and everything before the caller was known.
 */
const OF_CLIENT: Partial<Record<ReasonCode, NegativeKindName>> = {
  CONNECTION_NOT_FOUND: SCOPE,
  DOWNSTREAM_NOT_ALLOWED: SCOPE,
  EXPLICIT_DENY: SCOPE,
  TASK_TYPE_NOT_ALLOWED: SCOPE,
  TASK_TYPE_FORBIDDEN_BY_TARGET: SCOPE,
  MODEL_NOT_ALLOWED: SCOPE,
  TOOL_NOT_ALLOWED: SCOPE,
  DATA_STORE_NOT_ALLOWED: SCOPE,
  DATA_CLASS_NOT_ALLOWED: SCOPE,
  COST_PER_REQUEST_EXCEEDED: SCOPE,
  HOP_LIMIT_EXCEEDED: SCOPE,
  DELEGATION_CYCLE: SCOPE,
  FAN_OUT_EXCEEDED: SCOPE,
  TREE_SIZE_EXCEEDED: SCOPE,
  PARENT_UNKNOWN: 'DELEGATION_VIOLATION',
  PARENT_NOT_YOURS: 'DELEGATION_VIOLATION',
  GRANT_TOKEN_INVALID: 'DELEGATION_VIOLATION',
  OUTSIDE_TIME_WINDOW: 'WINDOW_VIOLATION',
  RATE_LIMITED: 'RATE_LIMITED',
  BUDGET_ORG_EXHAUSTED: 'SPEND_CAP_HIT',
  BUDGET_AGENT_EXHAUSTED: 'SPEND_CAP_HIT',
  BUDGET_CONNECTION_EXHAUSTED: 'SPEND_CAP_HIT',
  BUDGET_TASK_EXHAUSTED: 'SPEND_CAP_HIT',
  BUDGET_TREE_EXHAUSTED: 'SPEND_CAP_HIT',
};

/** A guardrail's finding, as the id of its code names it: `<guardrail>:<category>:<instruction|data>`. */
function findingOf({ id }: CodeRef): { readonly category: string; readonly written: boolean } {
  const [, category = '', origin] = (id ?? '').split(':');
  return { category, written: origin === 'instruction' };
}

/** What an agent wrote itself is its own; of what it passes on from others it is charged little. Only an operator's canary counts wherever it stands. */
function blockedInput(code: CodeRef): NegativeKindName {
  const { category, written } = findingOf(code);
  if (category === 'CANARY_LEAK') return 'CANARY_LEAK';
  if (category === 'PROMPT_INJECTION') return written ? 'INJECTION_SENT' : 'INJECTION_RELAYED';
  return written ? 'INPUT_BLOCKED' : 'INPUT_RELAYED';
}

/** An output is the target's own. The canary of the task alone is an echo, no leak. */
function blockedOutput(code: CodeRef): NegativeKindName {
  const { category, written } = findingOf(code);
  if (category === 'CANARY_LEAK') return 'CANARY_LEAK';
  return category === 'PROMPT_INJECTION' && written ? 'INJECTION_SENT' : 'OUTPUT_BLOCKED';
}

/** The heaviest charge against the client of a denied task; `shared` tells that a share with the target's organisation exists or existed, and then its end is no violation. */
export function chargeOfClient({ codes }: FinishedItem, shared: boolean): Charge | undefined {
  return heaviest(
    codes.flatMap((code): readonly Charge[] => {
      if (code.code === 'GUARDRAIL_BLOCKED') return [{ kind: blockedInput(code), code }];
      if (code.code === 'CROSS_ORG_NOT_SHARED') return shared ? [] : [{ kind: 'CROSS_ORG_VIOLATION', code }];
      const kind = OF_CLIENT[code.code];
      return kind === undefined ? [] : [{ kind, code }];
    }),
  );
}

/** The heaviest charge against the target of an output that was not delivered. That a guardrail could not run, or that no try was left, is no charge. */
export function chargeOfOutput({ codes, output }: FinishedItem): Charge | undefined {
  return heaviest(
    [...codes, ...(output?.codes ?? [])].flatMap((code): readonly Charge[] => {
      if (code.code === 'GRANT_EXCEEDED') return [{ kind: 'GRANT_EXCEEDED', code }];
      if (code.code === 'GUARDRAIL_BLOCKED') return [{ kind: blockedOutput(code), code }];
      return code.code === 'REDACTION_INSUFFICIENT' ? [{ kind: 'OUTPUT_BLOCKED', code }] : [];
    }),
  );
}

function heaviest(charges: readonly Charge[]): Charge | undefined {
  return charges.reduce<Charge | undefined>(
    (most, charge) =>
      most === undefined || NEGATIVE_KINDS[charge.kind].weight > NEGATIVE_KINDS[most.kind].weight ? charge : most,
    undefined,
  );
}
