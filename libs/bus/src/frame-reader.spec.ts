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

function read(
  items: readonly object[],
  wanted?: readonly string[],
  forgedSignature?: string,
): { readonly items: readonly object[]; readonly failures: readonly string[] } {
  const failures: string[] = [];
  const reader = new FrameReader({ bundle: keys.bundle, onInvalid: ({ failure }) => void failures.push(failure) });
  const { body, signature } = signFrame(keys.keyOf('dispatcher'), { subject, lane: 0, at: clock.now() }, items);
  const { kid, sig } = signature;
  const message = {
    subject,
    seq: 1,
    streamAt: clock.now(),
    data: Buffer.from(body),
    signature: { kid: [kid], sig: [forgedSignature ?? sig] },
  };
  return { items: reader.read(message, transitionItemSchema, wanted).map(({ item }) => item), failures };
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

describe('a reader that wants some types only', () => {
  it('is given the items of these, and hears nothing of the others', () => {
    const decided = { ...moved, type: 'decided' };
    expect(read([decided, moved, { ...moved, type: 'claimed' }], ['moved'])).toEqual({ items: [moved], failures: [] });
    expect(read([decided, moved], ['finished'])).toEqual({ items: [], failures: [] });
  });

  it('does not check a frame in which nothing is for it, and checks one in which something is', () => {
    const decided = { ...moved, type: 'decided' };
    const forged = (items: readonly object[], wanted?: readonly string[]): object =>
      read(items, wanted, 'A'.repeat(86));
    expect(forged([decided, decided], ['moved'])).toEqual({ items: [], failures: [] });
    expect(forged([decided, moved], ['moved'])).toEqual({ items: [], failures: ['signature'] });
    expect(forged([decided, { ...moved, type: 'rerouted' }], ['moved'])).toEqual({
      items: [],
      failures: ['signature'],
    });
    expect(forged([decided, decided])).toEqual({ items: [], failures: ['signature'] });
  });

  it('still hears of an item that it wants and cannot read, and of what only a newer release knows', () => {
    expect(
      read(
        [
          { ...moved, to: 'ELSEWHERE' },
          { ...moved, type: 'rerouted' },
        ],
        ['moved'],
      ),
    ).toEqual({
      items: [],
      failures: ['malformed', 'newer-type'],
    });
  });

  it('reads an item that does not name its type first as before', () => {
    const { type, ...rest } = moved;
    expect(
      read(
        [
          { ...rest, type },
          { ...rest, type: 'decided' },
        ],
        ['moved'],
      ),
    ).toEqual({
      items: [moved],
      failures: ['malformed'],
    });
  });
});
