import { createPrivateKey, sign as rawSign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sha256, toBase64Url, utf8 } from '@countersign/primitives';
import { PURPOSES, SIGNERS, type Purpose, type Signer } from '@countersign/contracts';
import { testKeys } from '@countersign/testing';
import { signFrame, openFrame } from './frames.js';
import { checkReply, signReply } from './replies.js';
import { signedBytes, SigningKey } from './signing-key.js';
import { sealTrustBundle, TrustBundle, type Expectation } from './trust-bundle.js';

interface Vectors {
  readonly seed: string;
  readonly publicKey: string;
  readonly signatures: readonly {
    readonly service: Signer;
    readonly purpose: Purpose;
    readonly subject: string;
    readonly body: string;
    readonly signedBytes: string;
    readonly kid: string;
    readonly sig: string;
  }[];
}
const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', 'vectors', 'signatures.json'), 'utf8'),
) as Vectors;
const NOW = Date.UTC(2026, 0);
const keys = testKeys();
const body = utf8('the body');

const expectation = (parts: Partial<Expectation> = {}): Expectation => ({
  purpose: PURPOSES.frame,
  subject: 'flow.0.vd.policy',
  bodyHash: sha256(body),
  signers: ['policy'],
  at: NOW,
  ...parts,
});
const received = (signature = keys.keyOf('policy').sign(PURPOSES.frame, 'flow.0.vd.policy', sha256(body))) => ({
  kid: [signature.kid],
  sig: [signature.sig],
});

describe('a signature', () => {
  it.each(vectors.signatures)(
    'of $service on $subject is the one of the vectors',
    ({ service, purpose, subject, body: text, ...expected }) => {
      const der = Buffer.concat([
        Buffer.from('302e020100300506032b657004220420', 'hex'),
        Buffer.from(vectors.seed, 'hex'),
      ]);
      const key = new SigningKey(service, createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
      expect(key.publicKey.toString('hex')).toBe(vectors.publicKey);
      expect(signedBytes(purpose, subject, sha256(utf8(text))).toString('hex')).toBe(expected.signedBytes);
      expect(key.sign(purpose, subject, sha256(utf8(text)))).toEqual({ kid: expected.kid, sig: expected.sig });
    },
  );

  it('counts for exactly its purpose, subject, body and signer', () => {
    expect(keys.bundle.check(received(), expectation())).toMatchObject({ ok: true, service: 'policy' });
  });

  it.each([
    ['another purpose', { purpose: PURPOSES.answer }, 'signature'],
    ['another subject', { subject: 'flow.1.vd.policy' }, 'signature'],
    ['another body', { bodyHash: sha256(utf8('another')) }, 'signature'],
    ['another signer', { signers: ['budget'] }, 'wrong-signer'],
    ['nobody', { signers: [] }, 'wrong-signer'],
    ['a time before its key', { at: Date.UTC(2019, 0) }, 'key-not-valid'],
    ['a time after its key', { at: Date.UTC(2100, 0) }, 'key-not-valid'],
  ] as const)('does not count for %s', (_what, parts, failure) => {
    expect(keys.bundle.check(received(), expectation(parts))).toEqual({ ok: false, failure });
  });

  it.each([
    ['none', { kid: [], sig: [] }, 'malformed'],
    ['its key id twice', { kid: [...received().kid, ...received().kid], sig: received().sig }, 'malformed'],
    ['itself twice', { kid: received().kid, sig: [...received().sig, ...received().sig] }, 'malformed'],
    ['a shorter one', { kid: received().kid, sig: ['AAAA'] }, 'malformed'],
    ['an unknown key', { kid: ['policy-0000000000000000'], sig: received().sig }, 'unknown-key'],
    [
      "a stranger's",
      received(testKeys().keyOf('policy').sign(PURPOSES.frame, 'flow.0.vd.policy', sha256(body))),
      'unknown-key',
    ],
    [
      "another service's",
      received(keys.keyOf('budget').sign(PURPOSES.frame, 'flow.0.vd.policy', sha256(body))),
      'wrong-signer',
    ],
  ])('does not count when the headers hold %s', (_what, headers, failure) => {
    expect(keys.bundle.check(headers, expectation())).toEqual({ ok: false, failure });
  });

  it('does not count with any bit of it, or of what it signs, turned', () => {
    const [sig = ''] = received().sig;
    const bytes = Buffer.from(sig, 'base64url');
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const turned = Buffer.from(bytes);
        turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        return !keys.bundle.check({ kid: received().kid, sig: [toBase64Url(turned)] }, expectation()).ok;
      }),
    );
  });

  it('of one subject and body is never one of another pair with the same bytes in a row', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (p1, s1, p2, s2) => {
        fc.pre(
          !p1.includes('\0') &&
            !s1.includes('\0') &&
            !p2.includes('\0') &&
            !s2.includes('\0') &&
            (p1 !== p2 || s1 !== s2),
        );
        const hash = sha256(body);
        return !signedBytes(p1 as Purpose, s1, hash).equals(signedBytes(p2 as Purpose, s2, hash));
      }),
    );
  });
});

describe('a signing key', () => {
  it('shows its id and nothing else', () => {
    const key = SigningKey.generate('policy');
    expect(JSON.stringify({ key })).toBe(JSON.stringify({ key: { kid: key.kid } }));
    expect(() => SigningKey.fromPem('policy', 'hunter2')).toThrow(/policy/);
    expect(() => SigningKey.fromPem('policy', 'hunter2')).not.toThrow(/hunter2/);
  });

  it('survives its file', () => {
    const key = SigningKey.generate('audit');
    expect(SigningKey.fromPem('audit', key.toPem()).kid).toBe(key.kid);
  });
});

describe('a trust bundle', () => {
  it('opens under its installation key and no other', () => {
    expect(TrustBundle.open(keys.bundleFile, keys.installationKey).version).toBe(1);
    expect(() => TrustBundle.open(keys.bundleFile, testKeys().installationKey)).toThrow(/does not verify/);
    expect(() =>
      TrustBundle.open({ ...keys.bundleFile, body: testKeys().bundleFile.body }, keys.installationKey),
    ).toThrow(/does not verify/);
    expect(() => TrustBundle.open({}, keys.installationKey)).toThrow(/not a trust bundle/);
  });

  it('is not one that a service signed as a message of its own', () => {
    const bytes = Buffer.from(keys.bundleFile.body, 'base64url');
    const { sig } = keys.installation.sign(PURPOSES.record, 'trust-bundle', sha256(bytes));
    expect(() => TrustBundle.open({ body: keys.bundleFile.body, sig }, keys.installationKey)).toThrow(
      /does not verify/,
    );
    const bare = toBase64Url(rawSign(null, bytes, keys.installation.keyObject));
    expect(() => TrustBundle.open({ body: keys.bundleFile.body, sig: bare }, keys.installationKey)).toThrow(
      /does not verify/,
    );
  });

  it('refuses a key id that is not the one of its key', () => {
    const [first, second, ...rest] = keys.bundle.body.keys;
    if (first === undefined || second === undefined) throw new Error('a bundle of no keys');
    const shadowing = { ...keys.bundle.body, keys: [{ ...first, kid: second.kid }, second, ...rest] };
    const file = sealTrustBundle(keys.installation, shadowing);
    expect(() => TrustBundle.open(file, keys.installationKey)).toThrow(/is not the one of its key/);
  });

  it('lets keys rotate: both count while both are valid, each at its own time', () => {
    const [old, young] = [SigningKey.generate('policy'), SigningKey.generate('policy')];
    const entry = (key: SigningKey, notBefore: string, notAfter: string) => ({
      kid: key.kid,
      service: 'policy' as const,
      publicKey: toBase64Url(key.publicKey),
      notBefore,
      notAfter,
    });
    const bundle = TrustBundle.open(
      sealTrustBundle(keys.installation, {
        v: 1,
        version: 2,
        keys: [
          entry(old, '2025-01-01T00:00:00.000Z', '2026-03-01T00:00:00.000Z'),
          entry(young, '2026-02-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'),
        ],
      }),
      keys.installationKey,
    );
    const counts = (key: SigningKey, at: number): boolean =>
      bundle.check(received(key.sign(PURPOSES.frame, 'flow.0.vd.policy', sha256(body))), expectation({ at })).ok;
    expect(
      [Date.UTC(2026, 0, 15), Date.UTC(2026, 1, 15), Date.UTC(2026, 3, 1)].map((at) => [
        counts(old, at),
        counts(young, at),
      ]),
    ).toEqual([
      [true, false],
      [true, true],
      [false, true],
    ]);
  });
});

describe('a frame', () => {
  const subject = 'flow.3.vd.policy';
  const items = [{ a: 1 }, { a: 2 }, { a: 3 }];
  const frame = signFrame(keys.keyOf('policy'), { subject, lane: 3, at: NOW }, items);
  const open = (parts: Partial<Parameters<typeof openFrame>[1]> = {}) =>
    openFrame(keys.bundle, {
      subject,
      body: frame.body,
      signature: { kid: [frame.signature.kid], sig: [frame.signature.sig] },
      signers: ['policy'],
      at: NOW,
      ...parts,
    });

  it('opens to the items it was made of', () => {
    const opened = open();
    expect(opened.ok && opened.frame.itemLines.map((line) => JSON.parse(line.toString()) as unknown)).toEqual(items);
  });

  it.each(SIGNERS.filter((signer) => signer !== 'policy'))('of policy does not count as one of %s', (signer) => {
    expect(open({ signers: [signer] })).toEqual({ ok: false, failure: 'wrong-signer' });
  });

  it('does not count on another lane, even signed for it', () => {
    const moved = signFrame(keys.keyOf('policy'), { subject: 'flow.4.vd.policy', lane: 3, at: NOW }, items);
    expect(
      open({
        subject: 'flow.4.vd.policy',
        body: moved.body,
        signature: { kid: [moved.signature.kid], sig: [moved.signature.sig] },
      }),
    ).toEqual({ ok: false, failure: 'subject' });
  });

  it('does not count with a byte changed, a line taken out, put in, or swapped', () => {
    const lines = Buffer.from(frame.body).toString().trimEnd().split('\n');
    const [header = '', one = '', two = '', three = ''] = lines;
    for (const changed of [
      [header, one, three],
      [header, one, two, three, three],
      [header, two, one, three],
      [header.replace('policy', 'budget'), one, two, three],
      [header, one, two, three.replace('3', '4')],
    ]) {
      expect(open({ body: utf8(`${changed.join('\n')}\n`) }).ok).toBe(false);
    }
  });
});

describe('a reply', () => {
  const exchange = { subject: 'agt.o.a.peers.list', request: utf8('question'), reply: utf8('answer') };
  const signature = signReply(keys.keyOf('registry'), exchange);
  const check = (parts: Partial<typeof exchange> = {}, signers: readonly Signer[] = ['registry']): boolean =>
    checkReply(
      keys.bundle,
      { kid: [signature.kid], sig: [signature.sig] },
      { ...exchange, ...parts },
      { signers, at: NOW },
    ).ok;

  it('answers this very request, and no other', () => {
    expect(check()).toBe(true);
    expect(check({ request: utf8('another') })).toBe(false);
    expect(check({ reply: utf8('another') })).toBe(false);
    expect(check({ subject: 'agt.o.b.peers.list' })).toBe(false);
    expect(check({}, ['dispatcher'])).toBe(false);
  });
});
