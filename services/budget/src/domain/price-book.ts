import type { PriceEntry } from '@countersign/contracts';

/** Most rows of one price book, those of organisations included. */
export const MAX_PRICES = 2000;

/** Most rows that one organisation has of its own: it shares the book with all others, and no owner may take their room. */
export const MAX_OWN_PRICES = 100;

/** A book with other prices of the installation; what organisations have of their own stays. */
export function withInstallationPrices(
  book: readonly PriceEntry[],
  prices: readonly PriceEntry[],
): readonly PriceEntry[] {
  return [...prices, ...book.filter(({ org }) => org !== undefined)];
}

/** A book with other prices of one organisation; none takes its own away. */
export function withOwnPrices(
  book: readonly PriceEntry[],
  org: string,
  prices: readonly PriceEntry[],
): readonly PriceEntry[] {
  return [...book.filter((entry) => entry.org !== org), ...prices.map((entry) => ({ ...entry, org }))];
}

/** What is wrong with prices as somebody wrote them, with the field; undefined when nothing is. */
export function priceProblem(
  entries: readonly PriceEntry[],
): { readonly message: string; readonly field: string } | undefined {
  const seen = new Set<string>();
  for (const [i, { kind, name, tierMinTokens }] of entries.entries()) {
    if ((kind === 'request') !== (name === undefined))
      return { message: 'a model or tool needs a name, a request has none', field: `entries.${i}.name` };
    const row = `${kind} ${name ?? ''} from ${tierMinTokens} tokens on`;
    if (seen.has(row)) return { message: `there are two prices of ${row}; keep one`, field: `entries.${i}` };
    seen.add(row);
  }
  return undefined;
}
