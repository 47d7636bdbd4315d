import { parseMicros } from '@countersign/primitives';
import { REASON_CODES, TIMERS, type Severity } from '@countersign/contracts';
import type { ApprovalRequest, ApprovalStage, AskedReason } from './approval-request.js';

/** What the rules of asking people depend on besides the verdicts. */
export interface ApprovalTerms {
  /** How many people the connection asks for, at least. */
  readonly required: 1 | 2;
  /** How long people have, in ms. */
  readonly expiryMs: number;
  /** Whether what this person approved before still counts: not when they were disabled for cause. */
  readonly stands: (person: string) => boolean;
}

/** One person, four hours, and every approval counts: what holds where nothing else was set. */
export const ORDINARY_TERMS: ApprovalTerms = { required: 1, expiryMs: TIMERS.approval, stands: () => true };

/** From this multiple of the threshold on one person is not enough. */
const FACTOR = 10n;
/** How ids of guardrails' reasons name what was found. */
const INJECTION = ':PROMPT_INJECTION:';
const CANARY = ':CANARY_LEAK:';

/** What a demand for approval says of the money. */
export interface AskedCost {
  readonly thresholdMicros?: string | undefined;
  readonly estimateMicros?: string | undefined;
}

/** Whether text that tries to take over an agent is among the reasons: two people look at it, and nobody approves it in bulk. */
export function asksOfInjection(reasons: readonly AskedReason[]): boolean {
  return reasons.some(({ service, id }) => service === 'guardrails' && id?.includes(INJECTION) === true);
}

/** How many different people have to approve (F.2): two for more than ten times the threshold, for an injection, and where the connection says so. */
export function requiredPeople(
  reasons: readonly AskedReason[],
  { thresholdMicros, estimateMicros }: AskedCost,
  terms: Pick<ApprovalTerms, 'required'>,
): 1 | 2 {
  const dear =
    thresholdMicros !== undefined &&
    estimateMicros !== undefined &&
    parseMicros(estimateMicros) > FACTOR * parseMicros(thresholdMicros);
  return dear || asksOfInjection(reasons) ? 2 : terms.required;
}

const RANK: readonly Severity[] = ['INFO', 'WARNING', 'HIGH', 'CRITICAL'];

/** The gravest of the reasons. An injection or a leaked canary is critical, whatever its code says. */
export function severityOf(reasons: readonly AskedReason[]): Severity {
  const ranks = reasons.map(({ code }) => RANK.indexOf(REASON_CODES[code].severity));
  const leaked = reasons.some(({ id }) => id?.includes(CANARY) === true);
  return leaked || asksOfInjection(reasons) ? 'CRITICAL' : (RANK[Math.max(0, ...ranks)] ?? 'CRITICAL');
}

/** The requests of a hold: one for each organisation that asks, all of which have to be approved. */
export function requestsFor(
  reasons: readonly AskedReason[],
  parts: AskedCost & {
    readonly round: number;
    readonly stage: ApprovalStage;
    readonly terms: Pick<ApprovalTerms, 'required' | 'expiryMs'>;
    readonly now: number;
  },
): readonly ApprovalRequest[] {
  const orgs = [...new Set(reasons.map(({ org }) => org))];
  return orgs.map((org) => {
    const own = reasons.filter((reason) => reason.org === org);
    return {
      org,
      round: parts.round,
      stage: parts.stage,
      reasons: own,
      severity: severityOf(own),
      required: requiredPeople(own, parts, parts.terms),
      status: 'PENDING',
      requestedAt: parts.now,
      expiresAt: parts.now + parts.terms.expiryMs,
      decisions: [],
    };
  });
}
