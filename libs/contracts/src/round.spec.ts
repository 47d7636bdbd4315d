import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CONTROLS } from './identities.js';
import { decodeRound, encodeRound, roundLineSchema, type RoundLine } from './round.js';

const id = '0199f0e4-5c00-7a1b-8c2d-00000000feed';
const line: RoundLine = {
  v: 1,
  task: id,
  attempt: 1,
  round: 2,
  digest: `sha256:${'0'.repeat(64)}`,
  connection: id,
  covered: [],
  at: '2026-03-02T10:00:00.000Z',
};
const count = fc.integer({ min: 1, max: 10_000 });
const anyLine: fc.Arbitrary<RoundLine> = fc
  .record(
    {
      attempt: count,
      round: count,
      task: fc.uuid({ version: 7 }),
      covered: fc.array(
        fc.record(
          {
            service: fc.constantFrom(...CONTROLS),
            code: fc.constantFrom('APPROVAL_GUARDRAIL' as const, 'APPROVAL_TASK_TYPE' as const),
            id: fc.string({ maxLength: 20, unit: 'grapheme' }).filter((s) => s.isWellFormed()),
          },
          { requiredKeys: ['service', 'code'] },
        ),
        { maxLength: 3 },
      ),
      estimateMicros: fc.bigInt({ min: 0n, max: 10n ** 17n }).map(String),
      priceBookVersion: count,
      replaces: fc.oneof(
        fc.record({ attempt: count, how: fc.constant('RELEASE' as const) }),
        fc.record({ attempt: count, how: fc.constant('SETTLE' as const), micros: fc.nat().map(String) }),
      ),
    },
    { requiredKeys: ['attempt', 'round', 'task', 'covered'] },
  )
  .map((parts) => ({ ...line, ...parts }));

describe('a later round', () => {
  it('is read back as it was written, with the body’s very bytes', () => {
    fc.assert(
      fc.property(anyLine, fc.uint8Array({ maxLength: 200 }), (written, body) => {
        const read = decodeRound(encodeRound(written, body));
        expect(read?.line).toEqual(written);
        expect(Buffer.compare(read?.body ?? Buffer.of(1), body)).toBe(0);
      }),
    );
  });

  it('keeps the line feeds of the body', () => {
    expect(decodeRound(encodeRound(line, Buffer.from('\n{\n}\n')))?.body.toString()).toBe('\n{\n}\n');
  });

  it.each([
    ['nothing', ''],
    ['a line without an end', JSON.stringify(line)],
    ['no JSON', 'x\n{}'],
    ['an empty line', '\n{}'],
    ['a submission', '{"specversion":"1.0"}\n{}'],
  ])('is not %s', (_what, text) => {
    expect(decodeRound(Buffer.from(text))).toBeUndefined();
  });

  it.each([
    ['v', 2],
    ['attempt', 0],
    ['round', 10_001],
    ['digest', 'sha256:'],
    ['covered', [{ service: 'dispatcher', code: 'APPROVAL_GUARDRAIL' }]],
    ['covered', [{ service: 'policy', code: 'MADE_UP' }]],
    ['replaces', { attempt: 1, how: 'SETTLE' }],
    ['replaces', { attempt: 1, how: 'KEEP' }],
    ['estimateMicros', 5],
  ])('with a bad %s does not count (%#)', (field, value) => {
    expect(roundLineSchema.safeParse({ ...line, [field]: value }).success).toBe(false);
    expect(decodeRound(Buffer.from(`${JSON.stringify({ ...line, [field]: value })}\n{}`))).toBeUndefined();
  });
});
