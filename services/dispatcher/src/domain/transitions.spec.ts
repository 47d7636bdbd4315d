import { describe, expect, it } from '@jest/globals';
import { isTerminal, TASK_STATES, type TaskState } from '@countersign/contracts';
import { checkTransitions, NOT_ENTERED, permitted, TRANSITIONS, type TransitionTable } from './transitions.js';

const without = (from: TaskState, to: TaskState): TransitionTable => ({
  ...TRANSITIONS,
  [from]: TRANSITIONS[from].filter((state) => state !== to),
});
const and = (from: TaskState, to: TaskState): TransitionTable => ({
  ...TRANSITIONS,
  [from]: [...TRANSITIONS[from], to],
});

describe('the table of transitions', () => {
  it('is fit to start with', () => {
    expect(() => checkTransitions(TRANSITIONS)).not.toThrow();
  });

  it.each<[string, TransitionTable, string]>([
    ['an unreachable state', without('DISPATCHED', 'FAILED'), 'FAILED is never reached'],
    ['a dead end', { ...TRANSITIONS, CANCELLING: [] }, 'no end is reached from CANCELLING'],
    ['a circle without an end', { ...TRANSITIONS, CANCELLING: ['CANCELLING'] }, 'no end is reached from CANCELLING'],
    ['an end that is left again', and('DENIED', 'RELEASING'), 'DENIED is an end but is left again'],
  ])('is refused with %s', (_what, table, fault) => {
    expect(() => checkTransitions(table)).toThrow(fault);
  });

  it('names every fault at once', () => {
    const table: TransitionTable = { ...TRANSITIONS, DISPATCHED: [] };
    expect(() => checkTransitions(table)).toThrow(
      [
        'no end is reached from DISPATCHED',
        'CANCELLING is never reached',
        'SCREENING is never reached',
        'AWAITING_OUTPUT_APPROVAL is never reached',
        'FAILED is never reached',
        'QUARANTINED is never reached',
        'COMPLETED is never reached',
      ].join('; '),
    );
  });

  it('is refused when a state is said not to be entered and is', () => {
    expect(() => checkTransitions(TRANSITIONS, [...NOT_ENTERED, 'FAILED'])).toThrow('FAILED is reached');
  });
});

describe('a move that the table does not know', () => {
  const unknown = TASK_STATES.flatMap((from) =>
    TASK_STATES.filter((to) => !TRANSITIONS[from].includes(to)).map((to) => [from, to] as const),
  );

  it.each(unknown)('is forbidden: %s to %s', (from, to) => {
    expect(() => permitted(from, { state: to })).toThrow(`no task goes from ${from} to ${to}`);
  });

  it('is every move out of an end, and every move to a hand-over but from RELEASING', () => {
    for (const from of TASK_STATES) {
      if (isTerminal(from)) expect(TRANSITIONS[from]).toEqual([]);
      if (from !== 'RELEASING') expect(TRANSITIONS[from]).not.toContain('DISPATCHED');
      if (from !== 'EVALUATING') expect(TRANSITIONS[from]).not.toContain('RELEASING');
    }
  });
});
