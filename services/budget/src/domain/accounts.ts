import { MAX_MICROS, type Micros } from '@countersign/primitives';
import type { ReasonCode } from '@countersign/contracts';

/** Kinds of budget. */
export type ScopeType = 'ORG' | 'AGENT' | 'CONNECTION';

/** One budget of one organisation in one period. */
export interface ScopeKey {
  readonly org: string;
  readonly type: ScopeType;
  readonly id: string;
  readonly period: string;
}

/** A budget's amounts; `limit` undefined is no cap. */
export interface Account {
  readonly key: ScopeKey;
  limit: Micros | undefined;
  readonly topup: Micros;
  reserved: Micros;
  spent: Micros;
  readonly resetBase: Micros;
}

/** The key as one string; also the order in which accounts are locked. */
export function scopeText({ org, type, id, period }: ScopeKey): string {
  return `${org}/${type}/${id}/${period}`;
}

/** What is held or spent and counts against the cap. */
export function committed(account: Account): Micros {
  return account.spent - account.resetBase + account.reserved;
}

/** Adds to what was spent, at most to what a row holds: an absurd charge has to end its own task and nobody else's. */
export function spend(account: Account, amount: Micros): void {
  const total = account.spent + amount;
  account.spent = total > MAX_MICROS ? MAX_MICROS : total;
}

const EXHAUSTED: Readonly<Record<ScopeType, ReasonCode>> = {
  ORG: 'BUDGET_ORG_EXHAUSTED',
  AGENT: 'BUDGET_AGENT_EXHAUSTED',
  CONNECTION: 'BUDGET_CONNECTION_EXHAUSTED',
};

/** Why an amount does not fit into an account: when the cap is reached even nothing fits any more. Undefined when it does. */
export function refusalOf(account: Account, amount: Micros): ReasonCode | undefined {
  // what no row holds is refused here: as a fault of the batch it would be everybody's
  if (account.spent + account.reserved + amount > MAX_MICROS) return EXHAUSTED[account.key.type];
  if (account.limit === undefined) return undefined;
  const cap = account.limit + account.topup;
  return committed(account) >= cap || committed(account) + amount > cap ? EXHAUSTED[account.key.type] : undefined;
}
