import { describe, expect, it } from '@jest/globals';
import { Lag, type ConsumerState } from './lag.js';

const state = (change: Partial<ConsumerState>): ConsumerState => ({
  deliveredSeq: 10,
  acknowledgedSeq: 10,
  pending: 0,
  unacknowledged: 0,
  ...change,
});

describe('how far a consumer is behind its stream', () => {
  it('is unknown before the first look', () => {
    expect(new Lag().heardUntil).toBe(Number.NEGATIVE_INFINITY);
  });

  it('is nothing when nothing waits and everything is acknowledged', () => {
    const lag = new Lag();
    lag.observe(1_000, state({}));
    expect(lag.heardUntil).toBe(1_000);
  });

  it('grows while messages are delivered but not acknowledged', () => {
    const lag = new Lag();
    lag.observe(1_000, state({}));
    for (let at = 2_000; at <= 500_000; at += 1_000) lag.observe(at, state({ deliveredSeq: 12, unacknowledged: 2 }));
    expect(lag.heardUntil).toBe(1_000);
  });

  it('grows while messages wait in the stream', () => {
    const lag = new Lag();
    lag.observe(1_000, state({ pending: 5, unacknowledged: 3 }));
    lag.observe(2_000, state({ acknowledgedSeq: 14, deliveredSeq: 15, pending: 5, unacknowledged: 1 }));
    expect(lag.heardUntil).toBe(Number.NEGATIVE_INFINITY);
  });

  it('is the age of the last look whose messages are all acknowledged, under a load that never stops', () => {
    const lag = new Lag();
    lag.observe(1_000, state({ deliveredSeq: 20, acknowledgedSeq: 15, unacknowledged: 5 }));
    lag.observe(2_000, state({ deliveredSeq: 30, acknowledgedSeq: 22, unacknowledged: 8 }));
    expect(lag.heardUntil).toBe(1_000);
    lag.observe(3_000, state({ deliveredSeq: 40, acknowledgedSeq: 30, unacknowledged: 10 }));
    expect(lag.heardUntil).toBe(2_000);
  });
});
