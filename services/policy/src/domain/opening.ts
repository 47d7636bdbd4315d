import type { TimeWindow } from '@countersign/contracts';
import type { At } from './effective-policy.js';
import { nextOpen } from './time-windows.js';

interface Found {
  readonly from: number;
  readonly next: number | undefined;
}

/** How long the finding that nothing opens within the horizon is believed. */
const NEVER_FOR_MS = 60_000;

const found = new WeakMap<object, Found>();

/** The first minute at which all windows of an effective policy are open again; undefined beyond 15 days. Looked for once until it is reached: whoever is refused asks again and again. */
export function opensAgain(windows: readonly At<readonly TimeWindow[]>[], now: number): number | undefined {
  const known = found.get(windows);
  if (known !== undefined && now >= known.from && now < (known.next ?? known.from + NEVER_FOR_MS)) return known.next;
  const next = nextOpen(
    windows.map(({ value }) => value),
    now,
  );
  found.set(windows, { from: now, next });
  return next;
}
