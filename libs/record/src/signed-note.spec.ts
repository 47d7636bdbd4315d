import { createHash, createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { testKeys } from '@countersign/testing';
import { parseCheckpoint } from './checkpoint.js';
import { openNote, signCheckpoint, verifierKeyOf } from './signed-note.js';

const keys = testKeys();
const key = keys.keyOf('audit');
const CHECKPOINT = { origin: 'cs-0123/audit/org/1', size: 20, root: `sha256:${'ab'.repeat(32)}` } as const;
const note = signCheckpoint(key, CHECKPOINT);

describe('a signed checkpoint', () => {
  it('is what another implementation of C2SP signed notes reads and verifies with the verifier key', () => {
    const [origin, size, root, empty, signature, end] = note.split('\n');
    expect([origin, size, root, empty, end]).toEqual([
      'cs-0123/audit/org/1',
      '20',
      Buffer.alloc(32, 0xab).toString('base64'),
      '',
      '',
    ]);
    const [dash, name, encoded = ''] = (signature ?? '').split(' ');
    expect([dash, name]).toEqual(['—', origin]);
    // the base64 of a key may hold a plus itself
    const [, vkeyName, id, encodedKey = ''] =
      /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(verifierKeyOf(CHECKPOINT.origin, key.publicKey)) ?? [];
    const raw = Buffer.from(encodedKey, 'base64');
    const hash = createHash('sha256').update(`${vkeyName}\n`).update(raw).digest('hex').slice(0, 8);
    expect([raw[0], id]).toEqual([1, hash]);
    const bytes = Buffer.from(encoded, 'base64');
    expect(bytes.subarray(0, 4).toString('hex')).toBe(id);
    const publicKey = createPublicKey({
      format: 'jwk',
      key: { kty: 'OKP', crv: 'Ed25519', x: raw.subarray(1).toString('base64url') },
    });
    expect(verify(null, Buffer.from(`${origin}\n${size}\n${root}\n`), publicKey, bytes.subarray(4))).toBe(true);
  });

  it('opens under the keys of audit, beside signatures of witnesses', () => {
    expect(openNote(note, keys.bundle.body)).toEqual({ checkpoint: CHECKPOINT, signedBy: key.kid });
    const witnessed = `${note}— witness.example ${Buffer.alloc(76, 1).toString('base64')}\n`;
    expect(openNote(witnessed, keys.bundle.body)?.signedBy).toBe(key.kid);
  });

  it.each([
    ['without its end', note.slice(0, -1)],
    ['without a signature', note.split('\n\n')[0] ?? ''],
    ['with a line that is no signature', `${note}hello\n`],
    ['with an extension line', note.replace('\n\n', '\nextension\n\n')],
    ['with a size that is none', note.replace('\n20\n', '\n020\n')],
    ['with more signatures than anybody reads', note + note.split('\n\n')[1]?.repeat(16)],
  ])('%s is none', (_what, text) => {
    expect(openNote(text, keys.bundle.body)).toBeUndefined();
  });

  it.each([
    ['another size', '\n20\n', '\n21\n'],
    ['another root', 'q6ur', 'q6us'],
  ])('of %s is not signed', (_what, from, to) => {
    expect(openNote(note.replace(from, to), keys.bundle.body)?.signedBy).toBeUndefined();
  });

  it('has a root of 32 bytes in the one base64 form', () => {
    expect(parseCheckpoint(`o\n1\n${Buffer.alloc(32).toString('base64')}\n`)).toBeDefined();
    expect(parseCheckpoint(`o\n1\n${'A'.repeat(42)}B=\n`)).toBeUndefined();
    expect(parseCheckpoint(`o\n1\n${Buffer.alloc(31).toString('base64')}\n`)).toBeUndefined();
  });
});
