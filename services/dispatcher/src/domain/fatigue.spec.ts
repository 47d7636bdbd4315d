import { describe, expect, it } from '@jest/globals';
import { FATIGUE_ALERT, FATIGUE_LIMIT, FATIGUE_MS, fatigueOf } from './fatigue.js';

const START = 1_000_000_000;
const approvals = (count: number, everyMs = 1_000): readonly number[] =>
  Array.from({ length: count }, (_, i) => START + i * everyMs);

describe('whoever approves', () => {
  it('30 in ten minutes raises an alert with the next one, and with that one alone', () => {
    const at = START + 100_000;
    expect(fatigueOf(approvals(FATIGUE_ALERT - 1), at).alerts).toBe(false);
    expect(fatigueOf(approvals(FATIGUE_ALERT), at)).toEqual({ refused: false, alerts: true });
    expect(fatigueOf(approvals(FATIGUE_ALERT + 1), at).alerts).toBe(false);
  });

  it('60 in ten minutes approves nothing more until ten minutes after the last of them', () => {
    const sixty = approvals(FATIGUE_LIMIT);
    const last = sixty.at(-1) ?? 0;
    expect(fatigueOf(sixty.slice(1), last + 1).refused).toBe(false);
    expect(fatigueOf(sixty, last).refused).toBe(true);
    expect(fatigueOf(sixty, last + FATIGUE_MS - 1).refused).toBe(true);
    expect(fatigueOf(sixty, last + FATIGUE_MS).refused).toBe(false);
  });

  it('60 in more than ten minutes goes on', () => {
    const slow = approvals(FATIGUE_LIMIT, FATIGUE_MS / (FATIGUE_LIMIT - 1) + 1);
    expect(fatigueOf(slow, slow.at(-1) ?? 0).refused).toBe(false);
  });
});
