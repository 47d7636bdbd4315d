import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { SignJWT, UnsecuredJWT } from 'jose';
import { GRANT_TYPE, type GrantClaims } from '@countersign/contracts';
import { anId, testKeys } from '@countersign/testing';
import { issueGrant, verifyGrant, type GrantExpectation } from './grants.js';

const NOW = Date.UTC(2026, 0);
const keys = testKeys();
const digest = `sha256:${'a'.repeat(64)}`;
const [org, client, target] = [anId(), anId(), anId()];
const grant: GrantClaims = {
  aud: target,
  sub: client,
  jti: anId(),
  iat: NOW / 1000,
  exp: NOW / 1000 + 60,
  org,
  targetOrg: org,
  task: anId(),
  attempt: 1,
  connection: anId(),
  root: anId(),
  path: [client, target],
  onBehalfOf: { orgId: org, userId: null },
  digest,
  models: null,
  tools: [],
  dataStores: null,
  dataClasses: null,
  taskTypes: ['chat'],
  maxCostMicros: '5000000',
  notAfter: '2026-01-01T00:01:00.000Z',
  hopsLeft: 3,
};

describe('a grant', () => {
  let token: string;
  beforeAll(async () => {
    token = await issueGrant(keys.keyOf('dispatcher'), grant);
  });
  const verify = (jwt = token, parts: Partial<GrantExpectation> = {}) =>
    verifyGrant(keys.bundle, jwt, { audience: grant.aud, digest: grant.digest, now: NOW, ...parts });

  it('verifies for its audience over its bytes', async () => {
    expect(await verify()).toEqual({ ok: true, value: grant });
  });

  it.each([
    ['another audience', { audience: 'another' }, 'AUDIENCE_MISMATCH'],
    ['other bytes', { digest: `sha256:${'b'.repeat(64)}` }, 'GRANT_TOKEN_INVALID'],
    ['a time after its end', { now: NOW + 3_600_000 }, 'GRANT_EXPIRED'],
    ['the very moment of its end', { now: NOW + 60_000 }, 'GRANT_EXPIRED'],
  ] as const)('does not verify for %s', async (_what, parts, error) => {
    expect(await verify(token, parts)).toEqual({ ok: false, error });
  });

  it('is issued by the dispatcher alone', async () => {
    await expect(issueGrant(keys.keyOf('policy'), grant)).rejects.toThrow(/policy issues no grants/);
    expect((await verify(await issueGrant(testKeys().keyOf('dispatcher'), grant))).ok).toBe(false);
  });

  it.each([
    ['no signature', () => new UnsecuredJWT({ ...grant }).encode()],
    [
      'the public key as a shared secret',
      () =>
        new SignJWT({ ...grant })
          .setProtectedHeader({ alg: 'HS256', typ: GRANT_TYPE, kid: keys.keyOf('dispatcher').kid })
          .sign(keys.keyOf('dispatcher').publicKey),
    ],
    [
      'another kind of token',
      () =>
        new SignJWT({ ...grant })
          .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid: keys.keyOf('dispatcher').kid })
          .sign(keys.keyOf('dispatcher').keyObject),
    ],
    [
      'no key id',
      () =>
        new SignJWT({ ...grant })
          .setProtectedHeader({ alg: 'EdDSA', typ: GRANT_TYPE })
          .sign(keys.keyOf('dispatcher').keyObject),
    ],
    [
      "another service's key",
      () =>
        new SignJWT({ ...grant })
          .setProtectedHeader({ alg: 'EdDSA', typ: GRANT_TYPE, kid: keys.keyOf('policy').kid })
          .sign(keys.keyOf('policy').keyObject),
    ],
    [
      "the dispatcher's key id over another key",
      () =>
        new SignJWT({ ...grant })
          .setProtectedHeader({ alg: 'EdDSA', typ: GRANT_TYPE, kid: keys.keyOf('dispatcher').kid })
          .sign(generateKeyPairSync('ed25519').privateKey),
    ],
    [
      'claims that are none',
      () =>
        new SignJWT({ aud: grant.aud })
          .setProtectedHeader({ alg: 'EdDSA', typ: GRANT_TYPE, kid: keys.keyOf('dispatcher').kid })
          .sign(keys.keyOf('dispatcher').keyObject),
    ],
    ['a byte turned', () => `${token.slice(0, -5)}${token.at(-5) === 'A' ? 'B' : 'A'}${token.slice(-4)}`],
    ['nothing', () => ''],
  ])('with %s is none', async (_what, make) => {
    expect(await verify(await make())).toEqual({ ok: false, error: 'GRANT_TOKEN_INVALID' });
  });
});
