/** The window in which one person's approvals are counted, and for how long they are refused afterwards, in ms. */
export const FATIGUE_MS = 10 * 60_000;
/** More approvals than this in the window raise an alert. */
export const FATIGUE_ALERT = 30;
/** More than this are not taken. */
export const FATIGUE_LIMIT = 60;

/** What a person's approvals so far come to. */
export interface Fatigue {
  /** Another approval is not taken now. */
  readonly refused: boolean;
  /** Another approval is the one that raises the alert. */
  readonly alerts: boolean;
}

/**
 * Whether a person approves too much to look at what they approve (F.2): `approvals` are the instants (ms) of their approvals of the last two windows. After 60 in ten
 * minutes no more are taken until ten minutes have passed.
 */
export function fatigueOf(approvals: readonly number[], now: number): Fatigue {
  const sorted = [...approvals].sort((a, b) => a - b);
  const refused = sorted.some((at, i) => {
    const first = sorted[i - FATIGUE_LIMIT + 1];
    return first !== undefined && at - first < FATIGUE_MS && now - at < FATIGUE_MS;
  });
  const recent = sorted.filter((at) => now - at < FATIGUE_MS).length;
  return { refused, alerts: !refused && recent === FATIGUE_ALERT };
}
