const DAY_MS = 86_400_000;
/** Messages of a month may be recorded a little later; its key is not erased before. */
const SETTLED_AFTER_MS = DAY_MS;

/** A month of UTC, `2026-11`: the payloads of its entries share a key and end together. */
export type Epoch = string;

/** The month of an instant (ms). */
export function epochOf(at: number): Epoch {
  return new Date(at).toISOString().slice(0, 7);
}

/** The month after it. */
export function nextEpoch(epoch: Epoch): Epoch {
  return epochOf(endOf(epoch));
}

/** First instant (ms) after a month. */
export function endOf(epoch: Epoch): number {
  const [year = 0, month = 1] = epoch.split('-').map(Number);
  return Date.UTC(year, month, 1);
}

/** From when on (ms) the key of a month may be erased. */
export function erasableAt(epoch: Epoch): number {
  return endOf(epoch) + SETTLED_AFTER_MS;
}

/** Whether every payload of a month is older than they are kept. */
export function isPrunable(epoch: Epoch, retentionDays: number, now: number): boolean {
  return endOf(epoch) + retentionDays * DAY_MS <= now;
}

/** A month as the number that the tables hold, 202611. */
export function epochNumber(epoch: Epoch): number {
  return Number(epoch.replace('-', ''));
}

/** The month of such a number. */
export function epochFromNumber(epoch: number): Epoch {
  return `${Math.floor(epoch / 100)}-${String(epoch % 100).padStart(2, '0')}`;
}
