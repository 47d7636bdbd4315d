import type { ReasonCode, VerdictItem } from '@countersign/contracts';
import { denial, type Judgement } from '@countersign/bus';
import type { ReserveOutcome } from '../../domain/ledger.js';
import type { Reservation } from '../../domain/model.js';
import type { Standing } from '../../domain/standing.js';
import type { Prepared } from './reservation-requests.js';

type Details = VerdictItem['details'];

/** A denial of budget for one reason. */
export function denied(code: ReasonCode, details: Details = {}): Judgement {
  return denial({ code, side: 'client' }, details);
}

/** Budget's judgement of what became of a request, with how each budget stands. */
export function judgementOf({ estimate, request }: Prepared, outcome: ReserveOutcome | undefined): Judgement {
  if (outcome === undefined) return denied('BUDGET_SCOPE_UNKNOWN');
  const scopes = outcome.standing.map(detailOf);
  if (outcome.ok) return held(outcome.reservation, scopes);
  const { scope, code } = outcome;
  const where = scope === undefined ? {} : { scope: scope.type, period: scope.period };
  const known = estimate.ok
    ? { estimateMicros: request.amount.toString(), priceBookVersion: estimate.value.priceBookVersion }
    : {};
  return { ...denied(code, { ...where, scopes }), ...known };
}

/** The hold stands; where the connection's day comes to more than its threshold, a person is asked while it does. */
function held(reservation: Reservation, scopes: Details[string]): Judgement {
  const { amount, priceBookVersion, asksAbove } = reservation;
  const details: Details = {
    reservedMicros: amount.toString(),
    period: reservation.scopes[0]?.period ?? '',
    scopes,
    ...(asksAbove === undefined ? {} : { day: reservation.day ?? '', dailyThresholdMicros: asksAbove.toString() }),
  };
  return {
    ...(asksAbove === undefined
      ? { decision: 'APPROVE', codes: [] }
      : { decision: 'ESCALATE', codes: [{ code: 'APPROVAL_DAILY_ABOVE_THRESHOLD', side: 'client' }] }),
    details,
    versions: { priceBook: priceBookVersion ?? 0 },
    // amount and price book are the hold's: another replica, or a later round, may see other prices
    ...(priceBookVersion === undefined ? {} : { estimateMicros: amount.toString(), priceBookVersion }),
  };
}

function detailOf({ type, period, limit, topup, before, remaining }: Standing): Details {
  return {
    scope: type,
    period,
    limitMicros: limit?.toString() ?? null,
    topupMicros: topup.toString(),
    committedMicros: before.toString(),
    remainingMicros: remaining?.toString() ?? null,
  };
}
