import { TRUST_LEVELS, type TrustLevel } from '@countersign/contracts';
import { DAY_MS } from './algorithm.js';

const THRESHOLDS = [0, 2_500, 5_000, 6_500, 8_500] as const;
const MARGIN = 200;
const DWELL_MS = DAY_MS;

/** Level of a score in hundredths. */
export function levelOf(score: number): TrustLevel {
  const index = THRESHOLDS.findLastIndex((threshold) => score >= threshold);
  return TRUST_LEVELS[Math.max(0, index)] ?? 'UNTRUSTED';
}

/** Place of a level, 0 for the lowest. */
export function rankOf(level: TrustLevel): number {
  return TRUST_LEVELS.indexOf(level);
}

/** The level an agent is at, and since when (ms). */
export interface LevelState {
  readonly level: TrustLevel;
  readonly changedAt: number;
}

/** The next state: down at once; up one level at a time, only 2.00 points above the threshold and a day after the last change. */
export function nextLevel(previous: LevelState | undefined, score: number, now: number): LevelState {
  const target = levelOf(score);
  if (previous === undefined || rankOf(target) < rankOf(previous.level)) return { level: target, changedAt: now };
  const next = rankOf(previous.level) + 1;
  const threshold = THRESHOLDS[next];
  const level = TRUST_LEVELS[next];
  const rises =
    rankOf(target) >= next &&
    threshold !== undefined &&
    level !== undefined &&
    score >= threshold + MARGIN &&
    now - previous.changedAt >= DWELL_MS;
  return rises ? { level, changedAt: now } : previous;
}
