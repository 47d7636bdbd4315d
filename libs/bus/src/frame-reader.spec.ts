import { describe, expect, it } from '@jest/globals';
import { transitionItemSchema, type MovedItem } from '@countersign/contracts';
import { signFrame } from '@countersign/identity';
import { FixedClock, testKeys } from '@countersign/testing';
import { FrameReader } from './frame-reader.js';

const keys = testKeys();
const clock = new FixedClock();
const subject = 'flow.0.dec';
const id = '01900000-0000-7000-8000-000000000001';
const moved: MovedItem = {
  type: 'moved',
  nonce: 'AAAAAAAAAAA',
  task: { org: id, agent: id, id },
  attempt: 1,
  round: 1,
  digest: `sha256:${'0'.repeat(64)}`,
  at: '2026-01-01T00:00:00.000Z',
  to: 'CANCELLING',
  cause: 'asked',
};

function read(items: readonly object[]): { readonly items: readonly object[]; readonly failures: readonly string[] } {
  const failures: string[] = [];
  const reader = new FrameReader({ bundle: keys.bundle, onInvalid: ({ failure }) => void failures.push(failure) });
  const { body, signature } = signFrame(keys.keyOf('dispatcher'), { subject, lane: 0, at: clock.now() }, items);
  const { kid, sig } = signature;
  const message = {
    subject,
    seq: 1,
    streamAt: clock.now(),
    data: Buffer.from(body),
    signature: { kid: [kid], sig: [sig] },
  };
  return { items: reader.read(message, transitionItemSchema).map(({ item }) => item), failures };
}

describe('a frame of a release ahead', () => {
  it('loses only the item of a type that is not known, not its neighbours', () => {
    expect(read([moved, { ...moved, type: 'rerouted', via: id }, moved])).toEqual({
      items: [moved, moved],
      failures: ['newer-type'],
    });
  });

  it('is read without the fields that are not known', () => {
    expect(read([{ ...moved, via: id }])).toEqual({ items: [moved], failures: [] });
  });

  it('loses an item with a field that has to be understood', () => {
    expect(read([{ ...moved, crit: ['via'], via: id }, moved])).toEqual({ items: [moved], failures: ['malformed'] });
  });

  it('loses an item with a value that is not known: it is malformed, as one that nobody ever meant is', () => {
    expect(read([{ ...moved, to: 'ELSEWHERE' }, moved])).toEqual({ items: [moved], failures: ['malformed'] });
  });
});
