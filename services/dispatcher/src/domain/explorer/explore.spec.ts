import { describe, expect, it } from '@jest/globals';
import { TASK_STATES } from '@countersign/contracts';
import { NOT_ENTERED, TRANSITIONS } from '../transitions.js';
import { explore } from './explore.js';
import { BUGS, type Bug } from './move.js';

/** The promise that each bug breaks. */
const FOUND: Readonly<Record<Bug, string>> = {
  'missing verdicts are filled in': 'S1',
  'verdicts of an older round count': 'S1',
  'verdicts of an older attempt count': 'S1',
  'verdicts over other bytes count': 'S1',
  'late verdicts count': 'S1',
  'a later verdict replaces an earlier one': 'S1',
  'an adoption does not test the row': 'S',
  'an approval releases': 'S9',
  'one person counts as two': 'S11',
  'whoever was disabled for cause counts': 'S12',
  'a result that people are asked about is delivered': 'S13',
  'a claim does not test the state': 'S',
  'a claim ignores blocks': 'S3',
  'a claim ignores epochs': 'S3',
  'a claim does not look at the clock': 'S3',
  'a claim does not wait for the record': 'S10',
  'a hand-over is made again after a crash': 'S2',
  'a late result is taken': 'S5',
  'a result of an older attempt is taken': 'S7',
  'an answer does not wait for the record': 'S10',
  'no tombstone is left': 'L',
  'an older attempt keeps its money': 'L',
};

describe('everything that can happen to a task in three rounds and two attempts', () => {
  const explored = explore();

  it('keeps every promise', () => {
    expect(explored.violation).toBeUndefined();
  });

  it('is more than a few steps', () => {
    expect(explored.states).toBeGreaterThan(10_000);
    expect(explored.moves).toBeGreaterThan(explored.states);
    expect(explored.secondAttempts).toBeGreaterThan(1_000);
  });

  it('makes every transition of the table but those of states that nobody enters, and no other', () => {
    const listed = TASK_STATES.filter((state) => !NOT_ENTERED.includes(state)).flatMap((from) =>
      TRANSITIONS[from].map((to) => `${from} > ${to}`),
    );
    // estimates never differ in this world: that round follows in `saga.spec.ts`
    expect([...explored.transitions, 'EVALUATING > EVALUATING'].sort()).toEqual(listed.sort());
  });

  it.each([
    'COMPLETED',
    'COMPLETED APPROVAL_GUARDRAIL',
    'DENIED TASK_TYPE_NOT_ALLOWED',
    'DENIED VERDICT_TIMEOUT',
    'DENIED VERDICT_EXPIRED',
    'DENIED RELEASE_TIMEOUT',
    'DENIED CONNECTION_SUSPENDED',
    'DENIED TOKEN_EPOCH_STALE',
    'DENIED AGENT_REVOKED',
    'CANCELLED AGENT_REVOKED',
    'DENIED TARGET_UNAVAILABLE',
    'DENIED APPROVAL_CHURN',
    'DENIED APPROVAL_REJECTED',
    'DENIED REEVALUATION_DENIED',
    'EXPIRED APPROVAL_EXPIRED',
    'EXPIRED RESULT_TIMEOUT',
    'CANCELLED CANCELLED_BY_USER',
    'FAILED TASK_FAILED',
    'QUARANTINED GUARDRAIL_BLOCKED',
    'QUARANTINED RETRY_EXHAUSTED',
    'QUARANTINED OUTPUT_SCREEN_TIMEOUT',
    'QUARANTINED APPROVAL_REJECTED',
    'QUARANTINED APPROVAL_EXPIRED',
  ])('reaches %s', (end) => {
    expect([...explored.ends.keys()]).toContain(end);
  });
});

describe('a dispatcher or a budget that is wrong is found out:', () => {
  it.each(BUGS)('%s', (bug) => {
    const { violation } = explore(bug);
    expect(violation?.promise).toMatch(new RegExp(`^${FOUND[bug]}`));
    expect(violation?.trace[0]).toBe('submitted');
  });
});
