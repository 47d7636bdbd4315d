import { describe, expect, it } from '@jest/globals';
import { CHECKS, difference } from './checks.js';

describe('an answer', () => {
  it('is right with the wanted state and one of the wanted codes', () => {
    expect(difference({ state: 'COMPLETED' }, { state: 'COMPLETED' })).toBeUndefined();
    expect(
      difference({ state: 'DENIED', code: 'GUARDRAIL_BLOCKED' }, { state: 'DENIED', codes: ['GUARDRAIL_BLOCKED'] }),
    ).toBeUndefined();
  });

  it('that was released where it had to be denied says so', () => {
    expect(difference({ state: 'COMPLETED' }, { state: 'DENIED' })).toContain('ended COMPLETED');
  });

  it('that was denied for another reason is no proof', () => {
    expect(
      difference({ state: 'DENIED', code: 'CONTROL_ERROR' }, { state: 'DENIED', codes: ['GUARDRAIL_BLOCKED'] }),
    ).toContain('CONTROL_ERROR');
  });
});

describe('the checks', () => {
  it('revoke last, because nothing works afterwards', () => {
    expect(Object.keys(CHECKS).at(-1)).toBe('deny-revoked');
  });
});
