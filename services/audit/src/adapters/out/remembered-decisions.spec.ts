import { describe, expect, it } from '@jest/globals';
import { RememberedDecisions } from './remembered-decisions.js';

const decision = (id: string) => ({ org: 'org', id, header: `header of ${id}` });

describe('a remembered decision', () => {
  const run = Symbol();

  it('is known in the run of appends in which it was written, and in no other', () => {
    const decisions = new RememberedDecisions();
    decisions.keep([decision('a'), decision('b'), decision('c')], () => run);
    expect(decisions.take('a', run)).toBe('header of a');
    expect([decisions.take('b', Symbol()), decisions.take('c', undefined), decisions.take('d', run)]).toEqual(
      Array.from({ length: 3 }, () => undefined),
    );
  });

  it('is given away once', () => {
    const decisions = new RememberedDecisions();
    decisions.keep([decision('a')], () => run);
    expect([decisions.take('a', run), decisions.take('a', run)]).toEqual(['header of a', undefined]);
  });

  it('is not kept of a chain that nothing is known of', () => {
    const decisions = new RememberedDecisions();
    decisions.keep([decision('a')], () => undefined);
    expect(decisions.take('a', undefined)).toBeUndefined();
  });

  it('is one of a bounded number, of which the oldest leave first', () => {
    const decisions = new RememberedDecisions();
    for (let i = 0; i < 2_049; i += 1) decisions.keep([decision(`${i}`)], () => run);
    expect([decisions.take('0', run), decisions.take('1', run)]).toEqual([undefined, 'header of 1']);
  });
});
