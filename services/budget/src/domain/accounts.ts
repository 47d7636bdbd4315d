import { MAX_MICROS, type Micros } from '@countersign/primitives';
import type { ReasonCode } from '@countersign/contracts';
import type { KnownCaps } from './caps.js';

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
  caps: KnownCaps;
  limit: Micros | undefined;
  topup: Micros;
  reserved: Micros;
  spent: Micros;
  resetBase: Micros;
  /** How often it was reset in this period. */
  resets: number;
  /** The highest threshold, in per cent, that was told in this period; 0 for none. */
  told: number;
  /** Of a connection: the last day on which something was reserved, and what of that day is held or spent. */
  day: string | undefined;
  dayMicros: Micros;
}

/** A budget as it begins: nothing held, nothing spent. */
export function emptyAccount(key: ScopeKey, limit?: Micros): Account {
  const caps: KnownCaps = {
    policy: limit === undefined ? undefined : { version: 0, micros: limit },
    surface: undefined,
  };
  const zero = { topup: 0n, reserved: 0n, spent: 0n, resetBase: 0n, resets: 0, told: 0, dayMicros: 0n };
  return { key, caps, limit, day: undefined, ...zero };
}

/** The key as one string; also the order in which accounts are locked. */
export function scopeText({ org, type, id, period }: ScopeKey): string {
  return `${org}/${type}/${id}/${period}`;
}

/** What is held or spent and counts against the cap. */
export function committed(account: Account): Micros {
  return account.spent - account.resetBase + account.reserved;
}

/** Cap and top-ups together; undefined is no cap. */
export function ceilingOf({ limit, topup }: Account): Micros | undefined {
  return limit === undefined ? undefined : limit + topup;
}

/** Adds to what was spent, at most to what a row holds: an absurd charge has to end its own task and nobody else's. */
export function spend(account: Account, amount: Micros): void {
  account.spent = held(account.spent + amount);
}

/** Counts an amount of a day; of a day that is over nothing is counted any more. */
export function countOnDay(account: Account, day: string | undefined, amount: Micros): void {
  if (account.key.type !== 'CONNECTION' || day === undefined || account.day !== day) return;
  account.dayMicros = held(account.dayMicros + amount);
}

/** Turns a connection to a new day, never back to an older one. Answers the day that counts. */
export function turnDay(account: Account, today: string): string {
  if (account.day !== undefined && account.day >= today) return account.day;
  account.day = today;
  account.dayMicros = 0n;
  return today;
}

function held(total: Micros): Micros {
  if (total < 0n) return 0n;
  return total > MAX_MICROS ? MAX_MICROS : total;
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
  const cap = ceilingOf(account);
  if (cap === undefined) return undefined;
  return committed(account) >= cap || committed(account) + amount > cap ? EXHAUSTED[account.key.type] : undefined;
}
