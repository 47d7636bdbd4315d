import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from '@countersign/primitives';
import { CONTROLS } from './identities.js';
import { MAX_PACKED_LINES, MAX_VERDICT_LINE, packLines, unpackLines } from './packed-lines.js';

const packedOf = (value: unknown): string => deflateRawSync(JSON.stringify(value)).toString('base64url');

describe('packed verdict lines', () => {
  it('come back as they were, whatever stands in them', () => {
    const line = fc.string({ unit: 'binary', maxLength: 300 }).filter((text) => text.isWellFormed());
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...CONTROLS), line, { noNullPrototype: true }), (lines) => {
        expect(unpackLines(packLines(lines))?.lines).toEqual(lines);
      }),
    );
  });

  it('of the longest kind fit and come back', () => {
    const longest = Object.fromEntries(CONTROLS.map((control) => [control, '\u0001'.repeat(MAX_VERDICT_LINE)]));
    const packed = packLines(longest);
    expect(packed.length).toBeLessThan(MAX_PACKED_LINES);
    expect(unpackLines(packed)?.lines).toEqual(longest);
  });

  it('are canonical JSON, in whatever order they are given', () => {
    const line = fc.string({ unit: 'binary', maxLength: 50 }).filter((text) => text.isWellFormed());
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...CONTROLS), line, { noNullPrototype: true }), (lines) => {
        const unpacked = unpackLines(packLines(lines));
        expect(unpacked?.json.toString()).toBe(canonicalJson(lines));
        expect(inflateRawSync(unpacked?.deflated ?? '')).toEqual(unpacked?.json);
      }),
    );
  });

  it('shrink to less than a third', () => {
    const verdict = (control: string): string =>
      JSON.stringify({
        type: 'verdict',
        task: { org: '01a2', agent: '01a3', id: '01a4' },
        decision: 'APPROVE',
        control,
      });
    const lines = Object.fromEntries(CONTROLS.map((control) => [control, verdict(control).repeat(6)]));
    expect(packLines(lines).length).toBeLessThan(JSON.stringify(lines).length / 3);
  });

  it.each([
    ['no DEFLATE', 'AAAA!'],
    ['no JSON', deflateRawSync('{').toString('base64url')],
    ['no object', packedOf(['line'])],
    ['nothing', packedOf(null)],
    ['a line of nobody', packedOf({ clerk: 'line' })],
    ['no line', packedOf({ trust: 7 })],
    ['a line that is too long', packedOf({ trust: 'x'.repeat(MAX_VERDICT_LINE + 1) })],
    ['a bomb', deflateRawSync(Buffer.alloc(64 * 2 ** 20)).toString('base64url')],
  ])('that are %s are none', (_what, packed) => {
    expect(unpackLines(packed)).toBeUndefined();
  });
});
