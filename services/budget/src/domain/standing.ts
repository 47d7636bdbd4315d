import type { Micros } from '@countersign/primitives';
import { ceilingOf, committed, type Account, type ScopeType } from './accounts.js';

/** How a budget stood before a request, and what is left after it; `remaining` is undefined without a cap. */
export interface Standing {
  readonly type: ScopeType;
  readonly period: string;
  readonly limit: Micros | undefined;
  readonly topup: Micros;
  readonly before: Micros;
  readonly remaining: Micros | undefined;
}

/** The standing of an account; `own` is what the request itself holds of it. */
export function standingOf(account: Account, own: Micros): Standing {
  const now = committed(account);
  const cap = ceilingOf(account);
  const left = cap === undefined ? undefined : cap - now;
  return {
    type: account.key.type,
    period: account.key.period,
    limit: account.limit,
    topup: account.topup,
    before: now - own,
    remaining: left !== undefined && left < 0n ? 0n : left,
  };
}
