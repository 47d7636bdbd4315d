import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** Monthly caps in dollars, by the budgets of `cases/ledger.yaml`. */
export type Caps = Partial<Record<'organization' | 'agent' | 'connection', number>>;

/** A step of `cases/ledger.yaml`, which tells what its fields mean. */
export interface Step {
  readonly reserve?: string;
  readonly settle?: string;
  readonly release?: string;
  readonly correct?: string;
  readonly topup?: keyof Caps;
  readonly reset?: keyof Caps;
  readonly amount?: number;
  readonly attempt?: number;
  readonly round?: number;
  readonly month?: string;
  readonly day?: number;
  readonly askAbove?: number;
  readonly prices?: number;
  readonly replaces?: number;
  readonly cost?: number;
  readonly caps?: Caps;
  readonly is: string;
}

/** A case of `cases/ledger.yaml`: what is done one after the other, and what the books say then. */
export interface LedgerCase {
  readonly name: string;
  readonly caps: Caps;
  readonly steps: readonly Step[];
  readonly events?: readonly string[];
  readonly then: Readonly<Record<string, readonly [reserved: number, spent: number]>>;
}

/** The cases of `cases/ledger.yaml`, which run against the pure ledger and against PostgreSQL. */
export const LEDGER_CASES = parse(
  readFileSync(join(import.meta.dirname, '..', '..', 'cases', 'ledger.yaml'), 'utf8'),
) as readonly LedgerCase[];
