import { TRUST_LEVELS, type TrustLevel } from '@countersign/contracts';
import { DAY_MS } from './algorithm.js';

const THRESHOLDS: Readonly<Record<TrustLevel, number>> = {
  UNTRUSTED: 0,
  LIMITED: 2_500,
  PROVISIONAL: 5_000,
  VERIFIED: 6_500,
  TRUSTED: 8_500,
};
/** How far above a threshold (hundredths) a score has to be to rise. */
export const PROMOTION_MARGIN = 200;
/** How long a level is held before it rises again. */
export const DWELL_MS = DAY_MS;

/** The least score of a level, in hundredths. */
export function thresholdOf(level: TrustLevel): number {
  return THRESHOLDS[level];
}

/** Level of a score in hundredths. */
export function levelOf(score: number): TrustLevel {
  return TRUST_LEVELS.findLast((level) => score >= THRESHOLDS[level]) ?? 'UNTRUSTED';
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
  const level = TRUST_LEVELS[rankOf(previous.level) + 1];
  const rises =
    level !== undefined && score >= THRESHOLDS[level] + PROMOTION_MARGIN && now - previous.changedAt >= DWELL_MS;
  return rises ? { level, changedAt: now } : previous;
}
