import { describe, expect, it } from '@jest/globals';
import { decimalOfMicros, type Micros } from '@countersign/primitives';
import { emptyAccount, scopeText, type Account, type ScopeKey, type ScopeType } from './accounts.js';
import type { BudgetEvent } from './events.js';
import { Ledger, type ReserveRequest } from './ledger.js';
import type { Reservation } from './model.js';
import { LEDGER_CASES, type Caps, type Step } from '../spec-support/ledger-cases.js';

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
  readonly events: string[] = [];

  constructor(private readonly caps: Caps) {}

  step(step: Step): string {
    const ledger = new Ledger(this.accounts, this.reservations);
    const outcome = this.#run(ledger, step);
    ledger.close();
    this.events.push(...ledger.events.map(eventText));
    return outcome;
  }

  #run(ledger: Ledger, step: Step): string {
    const { attempt = 1, amount } = step;
    const task = step.settle ?? step.release;
    if (task !== undefined)
      return ledger.finish(keyOf(task), attempt, amount === undefined ? undefined : micros(amount), 'REPORTED');
    if (step.correct !== undefined) return ledger.correct(keyOf(step.correct), attempt, micros(amount ?? 0));
    const of = step.topup ?? step.reset;
    return of === undefined ? this.#reserve(ledger, step) : this.#act(ledger, step, of);
  }

  #act(ledger: Ledger, { month = MONTH, topup, amount = 0 }: Step, of: keyof Caps): string {
    const scope = this.#scopes(month, this.caps).find(({ id }) => id === of);
    if (scope === undefined) throw new Error(`no budget ${of}`);
    const act = { actor: 'operator:local', reason: 'a case' };
    const done = topup === undefined ? ledger.reset(scope, act) : ledger.topUp(scope, micros(amount), act);
    return done === undefined ? 'REFUSED' : 'DONE';
  }

  #reserve(ledger: Ledger, { reserve = '', amount = 0, attempt = 1, round = 1, ...step }: Step): string {
    const month = step.month ?? MONTH;
    const outcome = ledger.reserve({
      key: keyOf(reserve),
      attempt,
      round,
      scopes: this.#scopes(month, step.caps ?? this.caps),
      amount: micros(amount),
      priceBookVersion: step.prices ?? 1,
      expiresAt: 0,
      today: `${month}-${String(step.day ?? 1).padStart(2, '0')}`,
      askAbove: step.askAbove === undefined ? undefined : micros(step.askAbove),
      ...(step.replaces === undefined
        ? {}
        : {
            replaces: { attempt: step.replaces, settle: step.cost === undefined ? undefined : micros(step.cost) },
          }),
    });
    if (!outcome.ok) return outcome.code;
    return outcome.reservation.asksAbove === undefined ? outcome.reservation.state : 'ASK';
  }

  #scopes(period: string, caps: Caps): readonly ScopeKey[] {
    return SCOPES.map(([type, name]) => {
      const key: ScopeKey = { org: 'o', type, id: name, period };
      const account = this.accounts.get(scopeText(key)) ?? emptyAccount(key);
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

function eventText(event: BudgetEvent): string {
  return event.kind === 'BUDGET_THRESHOLD'
    ? `${event.scope.type} ${event.percent}% ${event.severity}`
    : `${event.key.task} over by ${decimalOfMicros(event.micros)} ${event.severity}`;
}

describe('a ledger', () => {
  it.each(LEDGER_CASES.map((example) => [example.name, example] as const))(
    '%s',
    (_name, { caps, steps, then, events }) => {
      const books = new Books(caps);
      expect(steps.map((step) => books.step(step))).toEqual(steps.map(({ is }) => is));
      const expected = Object.entries(then).flatMap(([month, [reserved, spent]]) =>
        SCOPES.map(([type]) => [`${type} ${month}`, [micros(reserved), micros(spent)]] as const),
      );
      expect(books.state()).toEqual(Object.fromEntries(expected));
      if (events !== undefined) expect(books.events).toEqual(events);
    },
  );
});
