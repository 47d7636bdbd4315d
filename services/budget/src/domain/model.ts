import type { Micros } from '@countersign/primitives';
import type { TaskKey } from '@countersign/contracts';
import type { ScopeKey } from './accounts.js';

/** Where the amount of a settlement comes from: the target said it, or nobody did. Nothing is metered today. */
export type Source = 'REPORTED' | 'ASSUMED';

/** One attempt's money. */
export interface Reservation {
  readonly key: TaskKey;
  readonly attempt: number;
  readonly amount: Micros;
  state: 'HELD' | 'SETTLED' | 'RELEASED';
  settled: Micros | undefined;
  /** What was booked above the settlement, because it was told later. */
  corrected: Micros;
  source: Source | undefined;
  scopes: readonly ScopeKey[];
  readonly priceBookVersion: number | undefined;
  /** When a sweeper looks after it, ms. */
  readonly expiresAt: number;
  /** The day of the connection on which it counts. */
  day: string | undefined;
  /** The daily threshold that the connection exceeded with this hold: a person is asked, in every round. */
  readonly asksAbove: Micros | undefined;
}

/** A line of the ledger about an attempt. */
export interface AttemptLine {
  readonly key: TaskKey;
  readonly attempt: number;
  readonly kind: 'RESERVE' | 'MOVE' | 'SETTLE' | 'RELEASE' | 'OVERRUN' | 'CORRECTION';
  readonly micros: Micros;
  readonly period: string;
}

/** Who acts on a budget and why; `command` is the command's idempotency key. */
export interface ScopeAct {
  readonly actor: string;
  readonly reason?: string;
  readonly command?: string;
}

/** A line of the ledger about a budget; of a changed limit `micros` is the new one, undefined for none. */
export interface ScopeLine extends ScopeAct {
  readonly scope: ScopeKey;
  readonly kind: 'TOPUP' | 'RESET' | 'LIMIT_CHANGE';
  readonly micros: Micros | undefined;
}

/** A charge of an attempt that holds nothing yet. */
export interface PendingSettlement {
  readonly key: TaskKey;
  readonly attempt: number;
  readonly micros: Micros;
  readonly source: Source;
}
