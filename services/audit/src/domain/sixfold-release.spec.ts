import { describe, expect, it } from '@jest/globals';
import { CONTROLS } from '@countersign/contracts';
import { isSixfoldRelease } from './sixfold-release.js';

const verdicts = Object.fromEntries(CONTROLS.map((control) => [control, { leaf: 'sha256:1', decision: 'APPROVE' }]));
const header = (change: object = {}): string =>
  JSON.stringify({ type: 'decided', decision: 'release', verdicts, ...change });
const without = (control: string) => Object.fromEntries(Object.entries(verdicts).filter(([name]) => name !== control));

describe('what a claim rests on', () => {
  it('is a release with six verdicts', () => expect(isSixfoldRelease(header())).toBe(true));

  it.each([
    ['nothing', undefined],
    ['no JSON', '{'],
    ['a hold', header({ decision: 'hold' })],
    ['a denial', header({ decision: 'deny' })],
    ['another kind of entry', header({ type: 'moved' })],
    ['no verdicts', header({ verdicts: undefined })],
    ['a verdict without a leaf', header({ verdicts: { ...verdicts, trust: { decision: 'APPROVE' } } })],
    ['a verdict that denied', header({ verdicts: { ...verdicts, trust: { leaf: 'sha256:1', decision: 'DENY' } } })],
    ...CONTROLS.map((control) => [`no verdict of ${control}`, header({ verdicts: without(control) })] as const),
  ])('is not %s', (_what, text) => expect(isSixfoldRelease(text)).toBe(false));
});
