import { describe, expect, it } from '@jest/globals';
import { PURPOSES, type TrustBundleBody } from '@countersign/contracts';
import { fromBase64Url, sha256, toBase64Url } from '@countersign/primitives';
import { SigningKey } from './signing-key.js';
import { sealTrustBundle, TrustBundle, TrustBundleInvalid } from './trust-bundle.js';

const installation = SigningKey.generate('installation');
const installationKey = toBase64Url(installation.publicKey);
const [older, newer] = [SigningKey.generate('policy'), SigningKey.generate('policy')];
const entry = (key: SigningKey, notBefore: string, notAfter: string): TrustBundleBody['keys'][number] => ({
  kid: key.kid,
  service: 'policy',
  publicKey: toBase64Url(key.publicKey),
  notBefore,
  notAfter,
});
const BODY: TrustBundleBody = {
  v: 1,
  version: 7,
  keys: [
    entry(older, '2026-01-01T00:00:00.000Z', '2026-03-02T00:00:00.000Z'),
    entry(newer, '2026-03-01T00:00:00.000Z', '2026-06-01T00:00:00.000Z'),
  ],
};
const file = sealTrustBundle(installation, BODY);

describe('a trust bundle', () => {
  it('opens under the installation key that configuration names, and no other', () => {
    expect(TrustBundle.open(file, installationKey).version).toBe(7);
    const other = toBase64Url(SigningKey.generate('installation').publicKey);
    expect(() => TrustBundle.open(file, other)).toThrow(TrustBundleInvalid);
  });

  it('opens without the keys of a service that only a newer release has, and is passed on as it is', () => {
    const raw = SigningKey.generate('gateway').publicKey;
    const stranger = {
      ...BODY.keys[0],
      kid: 'incidents-0123456789abcdef',
      service: 'incidents',
      publicKey: toBase64Url(raw),
    };
    const bytes = Buffer.from(JSON.stringify({ ...BODY, keys: [stranger, ...BODY.keys] }));
    const { sig } = installation.sign(PURPOSES.bundle, 'trust-bundle', sha256(bytes));
    const ahead = { body: toBase64Url(bytes), sig };
    const bundle = TrustBundle.open(ahead, installationKey);
    expect([bundle.body, bundle.file]).toEqual([BODY, ahead]);
    expect(bundle.keyAt(stranger.kid, Date.parse('2026-02-01T00:00:00.000Z'))).toBeUndefined();
  });

  it('does not open once a byte of it was changed', () => {
    const bytes = Buffer.from(fromBase64Url(file.body));
    for (let i = 0; i < bytes.length; i += 7) {
      const changed = Buffer.from(bytes);
      changed[i] = (changed[i] ?? 0) ^ 1;
      expect(() => TrustBundle.open({ ...file, body: toBase64Url(changed) }, installationKey)).toThrow(
        TrustBundleInvalid,
      );
    }
  });

  it('does not open when the installation key signed those bytes for something else', () => {
    const bytes = Buffer.from(fromBase64Url(file.body));
    for (const purpose of Object.values(PURPOSES).filter((p) => p !== PURPOSES.bundle)) {
      const { sig } = installation.sign(purpose, 'trust-bundle', sha256(bytes));
      expect(() => TrustBundle.open({ ...file, sig }, installationKey)).toThrow(TrustBundleInvalid);
    }
  });

  it('does not open when a key stands under the id of another, or of another service', () => {
    const [first, second] = BODY.keys;
    if (first === undefined || second === undefined) throw new Error('two keys are expected');
    for (const key of [
      { ...first, kid: second.kid },
      { ...first, service: 'trust' as const },
    ])
      expect(() => TrustBundle.open(sealTrustBundle(installation, { ...BODY, keys: [key] }), installationKey)).toThrow(
        /is not the one of its key/,
      );
  });

  it('is refused as what it is not: nothing, text, another shape', () => {
    for (const wrong of [undefined, null, 'bundle', {}, { body: file.body }, { ...file, sig: 'x' }])
      expect(() => TrustBundle.open(wrong, installationKey)).toThrow(TrustBundleInvalid);
  });

  it('believes both keys of a service while a rotation lasts, and only the newer afterwards', () => {
    const bundle = TrustBundle.open(file, installationKey);
    const bodyHash = sha256('body');
    const counts = (key: SigningKey, at: string): boolean => {
      const { kid, sig } = key.sign(PURPOSES.record, 's', bodyHash);
      const expected = { purpose: PURPOSES.record, subject: 's', bodyHash, signers: ['policy'] as const };
      return bundle.check({ kid: [kid], sig: [sig] }, { ...expected, at: Date.parse(at) }).ok;
    };
    const instants = ['2026-02-28T23:59:59.999Z', '2026-03-01T12:00:00.000Z', '2026-03-02T00:00:00.000Z'];
    expect(instants.map((at) => counts(older, at))).toEqual([true, true, false]);
    expect(instants.map((at) => counts(newer, at))).toEqual([false, true, true]);
    expect(bundle.keyAt(older.kid, Date.parse('2026-03-02T00:00:00.000Z'))).toBeUndefined();
  });
});
