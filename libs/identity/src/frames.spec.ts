import { describe, expect, it } from '@jest/globals';
import { PURPOSES, SIGNERS, splitFrame, type Signer } from '@countersign/contracts';
import { toBase64Url } from '@countersign/primitives';
import { signFrame, openFrame, type FrameCheck, type ReceivedFrame, type SignedFrame } from './frames.js';
import { SigningKey } from './signing-key.js';
import { sealTrustBundle, TrustBundle } from './trust-bundle.js';

const AT = Date.UTC(2026, 2, 2, 10);
const SUBJECT = 'flow.3.vd.policy';
const ITEMS = [
  { type: 'verdict', n: 1 },
  { type: 'verdict', n: 2 },
  { type: 'verdict', n: 3 },
] as const;

const installation = SigningKey.generate('installation');
const keys = new Map<Signer, SigningKey>(SIGNERS.map((service) => [service, SigningKey.generate(service)]));
const bundle = TrustBundle.open(
  sealTrustBundle(installation, {
    v: 1,
    version: 1,
    keys: [...keys].map(([service, key]) => ({
      kid: key.kid,
      service,
      publicKey: toBase64Url(key.publicKey),
      notBefore: '2026-01-01T00:00:00.000Z',
      notAfter: '2026-07-01T00:00:00.000Z',
    })),
  }),
  toBase64Url(installation.publicKey),
);

const keyOf = (service: Signer): SigningKey => keys.get(service) ?? SigningKey.generate(service);
const signed = (key = keyOf('policy'), subject = SUBJECT, lane = 3): SignedFrame =>
  signFrame(key, { subject, lane, at: AT }, ITEMS);
function open(frame: SignedFrame, changes: Partial<ReceivedFrame> = {}): FrameCheck {
  const { subject, body, signature } = frame;
  const once = { kid: [signature.kid], sig: [signature.sig] };
  return openFrame(bundle, { subject, body, signature: once, signers: ['policy'], at: AT, ...changes });
}
const refused = (failure: string): object => ({ ok: false, failure });

/** A frame whose signature is right and whose first line says something else than its sender and place. */
function withHeader(changes: Readonly<Record<string, unknown>>, key = keyOf('policy')): SignedFrame {
  const frame = signed();
  const [line = '', ...items] = frame.body.toString().split('\n');
  const body = Buffer.from([JSON.stringify({ ...(JSON.parse(line) as object), ...changes }), ...items].join('\n'));
  return { ...frame, body, signature: key.sign(PURPOSES.frame, SUBJECT, splitFrame(body)?.bodyHash ?? body) };
}

describe('a frame', () => {
  it('opens with the items in the order in which they were signed', () => {
    const opened = open(signed());
    if (!opened.ok) throw new Error(opened.failure);
    expect(opened.frame.itemLines.map((line) => JSON.parse(line.toString()) as unknown)).toEqual(ITEMS);
    expect(opened.frame.header).toMatchObject({ service: 'policy', lane: 3, count: 3 });
  });

  it('does not count once any single byte of it was changed', () => {
    const frame = signed();
    for (let i = 0; i < frame.body.length; i += 1) {
      const body = Buffer.from(frame.body);
      body[i] = (body[i] ?? 0) ^ 1;
      expect(open(frame, { body }).ok).toBe(false);
    }
  });

  it('does not count on any subject but the one it was signed for', () => {
    expect(open(signed(), { subject: 'flow.3.vd.trust' })).toEqual(refused('signature'));
    expect(open(signed(), { subject: 'flow.4.vd.policy' })).toEqual(refused('signature'));
  });

  it('does not count when a signature of another purpose stands on the same bytes', () => {
    const frame = signed();
    for (const purpose of Object.values(PURPOSES).filter((p) => p !== PURPOSES.frame)) {
      const { kid, sig } = keyOf('policy').sign(purpose, SUBJECT, frame.bodyHash);
      expect(open(frame, { signature: { kid: [kid], sig: [sig] } })).toEqual(refused('signature'));
    }
  });

  it('does not count when a key outside the bundle signed it', () => {
    expect(open(signed(SigningKey.generate('policy')))).toEqual(refused('unknown-key'));
  });

  it('does not count when a trusted service signed it under the key id of another', () => {
    const frame = signed(keyOf('trust'));
    const signature = { kid: [keyOf('policy').kid], sig: [frame.signature.sig] };
    expect(open(frame, { signature })).toEqual(refused('signature'));
  });

  it('does not count when another service of the bundle signed it as itself', () => {
    for (const service of SIGNERS.filter((s) => s !== 'policy'))
      expect(open(signed(keyOf(service)))).toEqual(refused('wrong-signer'));
  });

  it('counts exactly while its key is valid: from the first instant to before the last', () => {
    const [from, to] = [Date.UTC(2026, 0, 1), Date.UTC(2026, 6, 1)];
    expect(open(signed(), { at: from }).ok).toBe(true);
    expect(open(signed(), { at: to - 1 }).ok).toBe(true);
    expect(open(signed(), { at: from - 1 })).toEqual(refused('key-not-valid'));
    expect(open(signed(), { at: to })).toEqual(refused('key-not-valid'));
  });

  it('does not count when a header of its signature is missing or stands twice', () => {
    const { kid, sig } = signed().signature;
    const cases = [
      { kid: [], sig: [sig] },
      { kid: [kid], sig: [] },
      { kid: [kid, kid], sig: [sig] },
      { kid: [kid], sig: [sig, sig] },
      { kid: [kid], sig: [sig.slice(1)] },
      { kid: [kid], sig: [''] },
    ];
    for (const signature of cases) expect(open(signed(), { signature })).toEqual(refused('malformed'));
  });

  it('does not count when its first line names another service, key or lane than those that signed and stored it', () => {
    expect(open(withHeader({}))).toMatchObject({ ok: true });
    expect(open(withHeader({ service: 'trust' }))).toEqual(refused('subject'));
    expect(open(withHeader({ kid: keyOf('trust').kid }))).toEqual(refused('subject'));
    expect(open(withHeader({ lane: 4 }))).toEqual(refused('subject'));
  });

  it('does not count when it holds more or fewer items than it says', () => {
    expect(open(withHeader({ count: 2 }))).toEqual(refused('count'));
    expect(open(withHeader({ count: 4 }))).toEqual(refused('count'));
    expect(open(withHeader({ count: 0 }))).toEqual(refused('malformed'));
  });

  it('does not count when items of it were left out, doubled or moved', () => {
    const frame = signed();
    const [head = '', a = '', b = '', c = ''] = frame.body.toString().split('\n');
    for (const lines of [[head, a, b], [head, a, b, c, c], [head, b, a, c], [head], [a, b, c], [head, a, '', b, c]])
      expect(open(frame, { body: Buffer.from(lines.join('\n')) }).ok).toBe(false);
    expect(open(frame, { body: Buffer.alloc(0) })).toEqual(refused('malformed'));
  });

  it('is never signed with the installation key', () => {
    expect(() => signed(installation)).toThrow('the installation key signs trust bundles only');
  });
});

describe('a key', () => {
  it('shows only its id when it is printed or serialised', () => {
    const key = keyOf('policy');
    const secret = key.toPem().split('\n')[1] ?? 'none';
    expect(JSON.stringify({ key })).toBe(`{"key":{"kid":"${key.kid}"}}`);
    expect(JSON.stringify(key)).not.toContain(secret);
  });

  it('is read back from its file, and a file that holds none is not quoted', () => {
    const key = keyOf('policy');
    expect(SigningKey.fromPem('policy', key.toPem()).kid).toBe(key.kid);
    expect(() => SigningKey.fromPem('policy', 'the-secret-text')).toThrow(
      /^(?!.*the-secret-text)the key file of policy/,
    );
  });
});
