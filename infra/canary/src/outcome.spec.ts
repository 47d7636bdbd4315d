import { describe, expect, it } from '@jest/globals';
import { isExpected, outcomeOf, type Outcome, type Seen } from './outcome.js';
import { probesOf } from './probes.js';

const codes = ['TASK_TYPE_NOT_ALLOWED'] as const;
const denied = { state: 'DENIED', code: 'TASK_TYPE_NOT_ALLOWED' } as const;

const TABLE: readonly (readonly [what: string, seen: Seen, outcome: Outcome, deny: boolean, allow: boolean])[] = [
  ['denied for its reason', { answer: denied, reached: false }, 'denied', true, false],
  [
    'denied for another reason',
    { answer: { ...denied, code: 'CONTROL_ERROR' }, reached: false },
    'denied_otherwise',
    false,
    false,
  ],
  ['denied without a reason', { answer: { state: 'DENIED' }, reached: false }, 'denied_otherwise', false, false],
  ['completed', { answer: { state: 'COMPLETED' }, reached: true }, 'released', false, true],
  ['completed where nobody saw it arrive', { answer: { state: 'COMPLETED' }, reached: false }, 'released', false, true],
  ['said to be denied, and arrived', { answer: denied, reached: true }, 'released', false, false],
  ['failed after its release', { answer: { state: 'FAILED' }, reached: false }, 'released', false, false],
  ['quarantined after its release', { answer: { state: 'QUARANTINED' }, reached: false }, 'released', false, false],
  ['cancelled', { answer: { state: 'CANCELLED' }, reached: false }, 'unanswered', false, false],
  ['unheard of', { answer: undefined, reached: false }, 'unanswered', false, false],
  ['unheard of, and arrived', { answer: undefined, reached: true }, 'released', false, false],
];

describe('a canary task', () => {
  it.each(TABLE)('that was %s', (_what, seen, outcome, deny, allow) => {
    expect(outcomeOf({ codes }, seen)).toBe(outcome);
    expect(isExpected({ expected: 'deny' }, outcome, seen)).toBe(deny);
    expect(isExpected({ expected: 'allow' }, outcome, seen)).toBe(allow);
  });

  it('that must be denied says for what, and one that must pass names no reason', () => {
    const id = '01900000-0000-7000-8000-000000000001';
    const probes = probesOf({ targets: { echo: id, revoked: id, unknown: id } });
    expect(probes.filter(({ expected, codes: why }) => (expected === 'deny') !== why.length > 0)).toEqual([]);
    expect(new Set(probes.map(({ name }) => name)).size).toBe(probes.length);
  });
});
