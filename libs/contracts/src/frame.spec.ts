import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { merklePath, verifyMerklePath } from '@countersign/primitives';
import { encodeFrame, frameHeaderSchema, splitFrame } from './frame.js';
import { MAX_FRAME_BYTES } from './limits.js';

const header = { service: 'policy', kid: 'policy-0123456789abcdef', lane: 0, at: '2026-03-02T10:00:00.000Z' } as const;
const item = fc.record({
  type: fc.constantFrom('verdict', 'moved'),
  text: fc.string({ unit: 'binary' }).filter((s) => s.isWellFormed()),
  n: fc.maxSafeInteger(),
});
const items = fc.array(item, { minLength: 1, maxLength: 20 });
const json = (line: Buffer | undefined): unknown => JSON.parse(String(line));

describe('a frame', () => {
  it('is split into the header and items that were written, with the same hashes', () => {
    fc.assert(
      fc.property(items, (list) => {
        const written = encodeFrame(header, list);
        const read = splitFrame(written.body);
        expect(json(read?.headerLine)).toEqual({ v: 1, ...header, count: list.length });
        expect(frameHeaderSchema.safeParse(json(read?.headerLine)).success).toBe(true);
        expect(read?.itemLines.map(json)).toEqual(list);
        expect(read).toMatchObject({ root: written.root, bodyHash: written.bodyHash, leaves: written.leaves });
      }),
    );
  });

  it('has a line feed between lines and none at the end, whatever stands in a text', () => {
    fc.assert(
      fc.property(items, (list) => {
        const { body } = encodeFrame(header, list);
        return body.at(-1) !== 10 && body.filter((byte) => byte === 10).length === list.length;
      }),
    );
  });

  it('has another hash with any changed bit, or is no frame', () => {
    fc.assert(
      fc.property(items, fc.nat(), fc.integer({ min: 0, max: 7 }), (list, at, bit) => {
        const { body, bodyHash } = encodeFrame(header, list);
        const other = Buffer.from(body);
        const i = at % other.length;
        other.writeUInt8(other.readUInt8(i) ^ (1 << bit), i);
        return splitFrame(other)?.bodyHash.equals(bodyHash) !== true;
      }),
    );
  });

  it('has another hash with two lines in another order or one left out', () => {
    fc.assert(
      fc.property(items, (list) => {
        fc.pre(list.length > 1 && JSON.stringify(list[0]) !== JSON.stringify(list[1]));
        const lines = encodeFrame(header, list).body.toString('utf8').split('\n');
        const [head = '', first = '', second = '', ...rest] = lines;
        const hash = splitFrame(Buffer.from(lines.join('\n')))?.bodyHash;
        const swapped = splitFrame(Buffer.from([head, second, first, ...rest].join('\n')));
        const shorter = splitFrame(Buffer.from([head, second, ...rest].join('\n')));
        return hash?.equals(swapped?.bodyHash ?? hash) === false && !hash.equals(shorter?.bodyHash ?? hash);
      }),
    );
  });

  it('proves each of its lines alone, and no line of another frame', () => {
    fc.assert(
      fc.property(items, fc.nat(), (list, n) => {
        const { leaves, root } = encodeFrame(header, list);
        const index = n % leaves.length;
        const [leaf = Buffer.alloc(0)] = leaves.slice(index);
        const [foreign = Buffer.alloc(0)] = encodeFrame(header, [{ type: 'foreign' }]).leaves;
        const claim = { index, size: leaves.length, path: merklePath(index, leaves), root };
        return verifyMerklePath({ ...claim, leaf }) && !verifyMerklePath({ ...claim, leaf: foreign });
      }),
    );
  });

  it.each([
    ['without a line', ''],
    ['of a header alone', '{}'],
    ['that ends with a line feed', '{}\n{}\n'],
    ['with an empty line', '{}\n\n{}'],
    ['that begins with a line feed', '\n{}'],
  ])('is none %s', (_why, text) => {
    expect(splitFrame(Buffer.from(text))).toBeUndefined();
  });

  it('is read out of the middle of a larger buffer', () => {
    const { body, bodyHash } = encodeFrame(header, [{ a: 1 }]);
    const around = Buffer.concat([Buffer.from('xx\n'), body, Buffer.from('\nyy')]);
    expect(splitFrame(around.subarray(3, 3 + body.length))?.bodyHash).toEqual(bodyHash);
  });

  it('without an item, too large or of too many items is never written', () => {
    expect(() => encodeFrame(header, [])).toThrow('a frame needs an item');
    expect(() => encodeFrame(header, [{ text: 'x'.repeat(MAX_FRAME_BYTES) }])).toThrow(RangeError);
    expect(() => encodeFrame(header, new Array<object>(10_001).fill({}))).toThrow(RangeError);
  });
});

describe('line 0 of a frame', () => {
  const line = { v: 1, ...header, count: 1 };

  it.each([
    ['v', 2],
    ['service', 'stranger'],
    ['lane', 64],
    ['lane', -1],
    ['at', 'now'],
    ['count', 0],
    ['count', 10_001],
    ['kid', 'x'.repeat(61)],
  ])('is refused with %s %p, by name', (field, value) => {
    const parsed = frameHeaderSchema.safeParse({ ...line, [field]: value });
    expect(parsed.error?.issues.map((issue) => issue.path.join('.'))).toEqual([field]);
  });
});
