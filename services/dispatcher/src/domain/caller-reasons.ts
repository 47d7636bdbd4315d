import { CONTROLS, REASON_CODES, type CodeRef, type Facts, type ReasonCode } from '@countersign/contracts';
import type { Evaluation } from './model.js';

/** Whose organisation asks, and whose the target is where that is known. */
export interface Parties {
  readonly org: string;
  readonly targetOrg: string | undefined;
}

/** Whether a reason is the other organisation's business: inside one organisation nothing is. */
export function isForeign({ side }: CodeRef, { org, targetOrg }: Parties): boolean {
  return side === 'target' && targetOrg !== org;
}

/** The primary code as the caller may see it (K): a reason of its own side as it is, one of the other side only as such. */
export function callerCode(
  codes: readonly CodeRef[],
  primary: ReasonCode | undefined,
  parties: Parties,
): ReasonCode | undefined {
  const reason = codes.find((code) => code.code === primary);
  return reason !== undefined && isForeign(reason, parties) ? 'DENIED_BY_COUNTERPARTY' : primary;
}

/** Code and general sentence; no detail of a policy goes with it. */
export function coded(code: ReasonCode | undefined): { readonly code?: ReasonCode; readonly message?: string } {
  return code === undefined ? {} : { code, message: REASON_CODES[code].message };
}

/** When a denial may be over, of the caller's own side only. */
export function ownAdvice(
  { retryAfterMs, nextOpenAt }: Facts,
  shown: ReasonCode | undefined,
): Pick<Facts, 'retryAfterMs' | 'nextOpenAt'> {
  if (shown === undefined || shown === 'DENIED_BY_COUNTERPARTY') return {};
  return {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(nextOpenAt === undefined ? {} : { nextOpenAt }),
  };
}

/** When the denial that is primary says that it may be over. */
export function adviceOf(
  { verdicts }: Pick<Evaluation, 'verdicts'>,
  primary: ReasonCode,
): Pick<Facts, 'retryAfterMs' | 'nextOpenAt'> {
  for (const control of CONTROLS) {
    const found = verdicts.get(control)?.verdict;
    if (found?.decision !== 'DENY' || !found.codes.some(({ code }) => code === primary)) continue;
    const { retryAfterMs, nextOpenAt } = found;
    return {
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(nextOpenAt === undefined ? {} : { nextOpenAt }),
    };
  }
  return {};
}
