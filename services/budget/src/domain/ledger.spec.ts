import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { Micros } from '@countersign/primitives';
import { scopeText, type Account, type ScopeKey, type ScopeType } from './accounts.js';
import { Ledger, type Reservation, type ReserveRequest } from './ledger.js';

type Caps = Partial<Record<'organization' | 'agent' | 'connection', number>>;

interface Step {
  readonly reserve?: string;
  readonly settle?: string;
  readonly release?: string;
  readonly amount?: number;
  readonly attempt?: number;
  readonly round?: number;
  readonly month?: string;
  readonly replaces?: number;
  readonly cost?: number;
  readonly caps?: Caps;
  readonly is: string;
}

interface Case {
  readonly name: string;
  readonly caps: Caps;
  readonly steps: readonly Step[];
  readonly then: Readonly<Record<string, readonly [reserved: number, spent: number]>>;
}

const CASES = parse(
  readFileSync(join(import.meta.dirname, '..', '..', 'cases', 'ledger.yaml'), 'utf8'),
) as readonly Case[];
const MONTH = '2026-11';
const micros = (dollars: number): Micros => BigInt(Math.round(dollars * 1_000_000));
const SCOPES: readonly (readonly [ScopeType, keyof Caps])[] = [
  ['ORG', 'organization'],
  ['AGENT', 'agent'],
  ['CONNECTION', 'connection'],
];
const keyOf = (task: string): ReserveRequest['key'] => ({ org: 'o', agent: 'a', task });

/** Accounts and reservations of one organisation; every step is a batch of its own, as a store would run it. */
class Books {
  readonly accounts = new Map<string, Account>();
  readonly reservations = new Map<string, Reservation>();

  constructor(private readonly caps: Caps) {}

  step(step: Step): string {
    const ledger = new Ledger(this.accounts, this.reservations);
    const { attempt = 1, amount } = step;
    const task = step.settle ?? step.release;
    if (task === undefined) return this.#reserve(ledger, step);
    return ledger.finish(keyOf(task), attempt, amount === undefined ? undefined : micros(amount), 'REPORTED');
  }

  #reserve(ledger: Ledger, { reserve = '', amount = 0, attempt = 1, round = 1, ...step }: Step): string {
    const outcome = ledger.reserve({
      key: keyOf(reserve),
      attempt,
      round,
      scopes: this.#scopes(step.month ?? MONTH, step.caps ?? this.caps),
      amount: micros(amount),
      priceBookVersion: 1,
      expiresAt: 0,
      ...(step.replaces === undefined
        ? {}
        : {
            replaces: { attempt: step.replaces, settle: step.cost === undefined ? undefined : micros(step.cost) },
          }),
    });
    return outcome.ok ? outcome.reservation.state : outcome.code;
  }

  #scopes(period: string, caps: Caps): readonly ScopeKey[] {
    return SCOPES.map(([type, name]) => {
      const key: ScopeKey = { org: 'o', type, id: name, period };
      const account = this.accounts.get(scopeText(key)) ?? {
        key,
        limit: undefined,
        topup: 0n,
        reserved: 0n,
        spent: 0n,
        resetBase: 0n,
      };
      const cap = caps[name];
      account.limit = cap === undefined ? undefined : micros(cap);
      this.accounts.set(scopeText(key), account);
      return key;
    });
  }

  /** Reserved and spent of every budget that is not empty. */
  state(): Record<string, readonly [Micros, Micros]> {
    return Object.fromEntries(
      [...this.accounts.values()]
        .filter(({ reserved, spent }) => reserved !== 0n || spent !== 0n)
        .map(({ key, reserved, spent }) => [`${key.type} ${key.period}`, [reserved, spent] as const]),
    );
  }
}

describe('a ledger', () => {
  it.each(CASES.map((example) => [example.name, example] as const))('%s', (_name, { caps, steps, then }) => {
    const books = new Books(caps);
    expect(steps.map((step) => books.step(step))).toEqual(steps.map(({ is }) => is));
    const expected = Object.entries(then).flatMap(([month, [reserved, spent]]) =>
      SCOPES.map(([type]) => [`${type} ${month}`, [micros(reserved), micros(spent)]] as const),
    );
    expect(books.state()).toEqual(Object.fromEntries(expected));
  });
});
