import { scopeText, type Account, type ScopeKey } from '../../domain/accounts.js';

/** Most accounts that are remembered. */
const MOST = 20_000;

/**
 * Accounts whose rows a committed transaction has seen: to make them again would cost a statement in every batch, and nothing deletes them. Only a memory: whoever
 * reads the rows finds out when one is gone after all.
 */
export class MadeAccounts {
  readonly #made = new Set<string>();

  /** Those that may have to be made. */
  without(keys: readonly ScopeKey[]): readonly ScopeKey[] {
    return keys.filter((key) => !this.#made.has(scopeText(key)));
  }

  /** Remembers accounts of a transaction that was committed. */
  add(accounts: ReadonlyMap<string, Account>): void {
    if (this.#made.size + accounts.size > MOST) this.#made.clear();
    for (const scope of accounts.keys()) this.#made.add(scope);
  }
}
