import { createHmac, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { jwtVerify, SignJWT } from 'jose';
import { GRANT_TYPE, type GrantClaims, type Signer } from '@countersign/contracts';
import { formatDigest, sha256, toBase64Url, utf8 } from '@countersign/primitives';
import { issueGrant, verifyGrant, type GrantExpectation } from './grants.js';
import { SigningKey } from './signing-key.js';
import { sealTrustBundle, TrustBundle } from './trust-bundle.js';

const NOW = Date.UTC(2026, 2, 2, 10);
const id = (n: number): string => `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const installation = SigningKey.generate('installation');
const keys = { policy: SigningKey.generate('policy'), dispatcher: SigningKey.generate('dispatcher') };
const old = SigningKey.generate('dispatcher');
const entryOf = (service: Signer, key: SigningKey, notAfter: string): object => ({
  kid: key.kid,
  service,
  publicKey: toBase64Url(key.publicKey),
  notBefore: '2026-01-01T00:00:00.000Z',
  notAfter,
});
const bundle = TrustBundle.open(
  sealTrustBundle(installation, {
    v: 1,
    version: 1,
    keys: [
      entryOf('policy', keys.policy, '2027-01-01T00:00:00.000Z'),
      entryOf('dispatcher', keys.dispatcher, '2027-01-01T00:00:00.000Z'),
      entryOf('dispatcher', old, '2026-03-02T10:00:00.000Z'),
    ] as never,
  }),
  toBase64Url(installation.publicKey),
);

const CLAIMS: GrantClaims = {
  aud: id(1),
  sub: id(2),
  jti: id(3),
  iat: NOW / 1000,
  exp: NOW / 1000 + 900,
  org: id(4),
  targetOrg: id(5),
  task: id(6),
  attempt: 1,
  connection: id(7),
  root: id(6),
  path: [id(2), id(1)],
  onBehalfOf: { orgId: id(4), userId: null },
  digest: formatDigest(sha256('the delivered bytes')),
  models: null,
  tools: [],
  dataStores: null,
  dataClasses: null,
  taskTypes: null,
  maxCostMicros: '5000',
  notAfter: '2026-03-02T10:15:00.000Z',
  hopsLeft: 3,
};
const EXPECTED: GrantExpectation = { audience: CLAIMS.aud, digest: CLAIMS.digest, now: NOW };
const verify = (token: string, changes: Partial<GrantExpectation> = {}): ReturnType<typeof verifyGrant> =>
  verifyGrant(bundle, token, { ...EXPECTED, ...changes });
const refused = (error: string): object => ({ ok: false, error });

const segment = (value: object): string => toBase64Url(utf8(JSON.stringify(value)));
function forged(header: object, signer: (input: Buffer) => Uint8Array, claims: object = CLAIMS): string {
  const input = `${segment(header)}.${segment(claims)}`;
  return `${input}.${toBase64Url(signer(Buffer.from(input)))}`;
}
const HEADER = { alg: 'EdDSA', typ: GRANT_TYPE, kid: keys.dispatcher.kid };
const ed25519 =
  (key: KeyObject) =>
  (input: Buffer): Uint8Array =>
    sign(null, input, key);
const byDispatcher = ed25519(keys.dispatcher.keyObject);

describe('a release grant', () => {
  it('verifies for its audience, over its bytes, with every claim as it was issued', () => {
    expect(verify(issueGrant(keys.dispatcher, CLAIMS))).toEqual({ ok: true, value: CLAIMS });
  });

  it('is issued with a key of the dispatcher only, and never with a claim that is none', () => {
    expect(() => issueGrant(keys.policy, CLAIMS)).toThrow('policy issues no grants');
    expect(() => issueGrant(keys.dispatcher, { ...CLAIMS, attempt: 0 })).toThrow();
  });

  it('is refused to another audience and over other bytes', () => {
    const token = issueGrant(keys.dispatcher, CLAIMS);
    expect(verify(token, { audience: id(99) })).toEqual(refused('AUDIENCE_MISMATCH'));
    const digest = formatDigest(sha256('other bytes'));
    expect(verify(token, { digest })).toEqual(refused('GRANT_TOKEN_INVALID'));
  });

  it('ends at the second of its expiry, and says so', () => {
    const token = issueGrant(keys.dispatcher, CLAIMS);
    expect(verify(token, { now: CLAIMS.exp * 1000 - 1 }).ok).toBe(true);
    expect(verify(token, { now: CLAIMS.exp * 1000 })).toEqual(refused('GRANT_EXPIRED'));
  });

  it('is worth nothing when another service of the bundle, an unknown key or a key past its validity signed it', () => {
    const header = { alg: 'EdDSA', typ: GRANT_TYPE };
    const stranger = SigningKey.generate('dispatcher');
    for (const key of [keys.policy, stranger, old])
      expect(verify(forged({ ...header, kid: key.kid }, ed25519(key.keyObject)))).toEqual(
        refused('GRANT_TOKEN_INVALID'),
      );
    expect(verify(forged(HEADER, ed25519(keys.policy.keyObject)))).toEqual(refused('GRANT_TOKEN_INVALID'));
  });

  it('is worth nothing without a key id, with another type, or with a claim missing', () => {
    const { kid: _kid, ...anonymous } = HEADER;
    const { digest: _digest, ...unbound } = CLAIMS;
    expect(verify(forged(HEADER, byDispatcher)).ok).toBe(true);
    const wrong = [
      forged(anonymous, byDispatcher),
      forged({ ...HEADER, typ: 'JWT' }, byDispatcher),
      forged({ alg: 'EdDSA', kid: HEADER.kid }, byDispatcher),
      forged({ ...HEADER, crit: ['x'], x: 1 }, byDispatcher),
      forged(HEADER, byDispatcher, unbound),
      forged(HEADER, byDispatcher, { ...CLAIMS, aud: [CLAIMS.aud, id(99)] }),
    ];
    for (const token of wrong) expect(verify(token)).toEqual(refused('GRANT_TOKEN_INVALID'));
  });

  it('is a JWT as others read and write it', async () => {
    const token = issueGrant(keys.dispatcher, CLAIMS);
    const publicKey = createPublicKey(keys.dispatcher.keyObject);
    const options = { algorithms: ['EdDSA'], typ: GRANT_TYPE, currentDate: new Date(NOW) };
    expect((await jwtVerify(token, publicKey, options)).payload).toEqual(CLAIMS);
    const foreign = await new SignJWT({ ...CLAIMS }).setProtectedHeader(HEADER).sign(keys.dispatcher.keyObject);
    expect(verify(foreign)).toEqual({ ok: true, value: CLAIMS });
  });

  it('is worth nothing when two readers could read it differently', () => {
    const twice = (value: object, field: string): string =>
      toBase64Url(utf8(JSON.stringify(value).replace('{', `{${field},`)));
    const signed = (input: string): string => `${input}.${toBase64Url(byDispatcher(Buffer.from(input)))}`;
    const token = signed(`${segment(HEADER)}.${segment(CLAIMS)}`);
    expect(verify(token).ok).toBe(true);
    for (const wrong of [
      signed(`${twice(HEADER, '"alg":"none"')}.${segment(CLAIMS)}`),
      signed(`${segment(HEADER)}.${twice(CLAIMS, '"maxCostMicros":null')}`),
      `${token}=`,
      `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : String.fromCharCode(token.charCodeAt(token.length - 1) + 1)}`,
    ])
      expect(verify(wrong)).toEqual(refused('GRANT_TOKEN_INVALID'));
  });

  it('cannot name its own algorithm: none, a MAC under the public key, another curve', () => {
    const pem = createPublicKey(keys.dispatcher.keyObject).export({ type: 'spki', format: 'pem' });
    const mac =
      (secret: Parameters<typeof createHmac>[1]) =>
      (input: Buffer): Uint8Array =>
        createHmac('sha256', secret).update(input).digest();
    const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const ecdsa = (input: Buffer): Uint8Array => sign('sha256', input, { key: p256, dsaEncoding: 'ieee-p1363' });
    const wrong = [
      forged({ ...HEADER, alg: 'none' }, () => Buffer.alloc(0)),
      forged({ ...HEADER, alg: 'None' }, byDispatcher),
      forged({ ...HEADER, alg: 'HS256' }, mac(keys.dispatcher.publicKey)),
      forged({ ...HEADER, alg: 'HS256' }, mac(pem)),
      forged({ ...HEADER, alg: 'ES256' }, ecdsa),
      forged({ ...HEADER, alg: 'RS256' }, byDispatcher),
    ];
    for (const token of wrong) expect(verify(token)).toEqual(refused('GRANT_TOKEN_INVALID'));
  });

  it('cannot bring its own key along', () => {
    const stranger = SigningKey.generate('dispatcher');
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(stranger.publicKey) };
    expect(verify(forged({ ...HEADER, jwk }, ed25519(stranger.keyObject)))).toEqual(refused('GRANT_TOKEN_INVALID'));
  });

  it('does not survive a change of any of its characters, nor anything that is no token', () => {
    const token = issueGrant(keys.dispatcher, CLAIMS);
    const claimsAt = token.indexOf('.') + 1;
    for (let i = claimsAt; i < claimsAt + 200; i += 9) {
      const changed = `${token.slice(0, i)}${token.charAt(i) === 'A' ? 'B' : 'A'}${token.slice(i + 1)}`;
      expect(verify(changed).ok).toBe(false);
    }
    for (const text of [
      '',
      '.',
      '..',
      'a.b.c',
      `${token}.x`,
      token.slice(0, -3),
      token.split('.').slice(0, 2).join('.'),
    ])
      expect(verify(text)).toEqual(refused('GRANT_TOKEN_INVALID'));
  });
});
