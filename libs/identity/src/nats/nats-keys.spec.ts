import { describe, expect, it } from '@jest/globals';
import { createAccount, createCurve, createUser, fromPublic } from '@nats-io/nkeys';
import { SystemRandom } from '@countersign/primitives';
import {
  clientIdOf,
  decodePublicNkey,
  encodePublicNkey,
  hashSecret,
  NatsIssuer,
  newClientCredential,
  NKEY_PREFIX,
  secretMatches,
  userToken,
  XkeyBox,
} from '../index.js';

const seedOf = (pair: { getSeed(): Uint8Array }): string => Buffer.from(pair.getSeed()).toString('ascii');

describe('NATS keys', () => {
  it('read the keys of another implementation and write the same public keys', () => {
    for (let i = 0; i < 50; i += 1) {
      const account = createAccount();
      expect(new NatsIssuer(seedOf(account)).publicKey).toBe(account.getPublicKey());
      const user = createUser().getPublicKey();
      expect(encodePublicNkey(NKEY_PREFIX.user, decodePublicNkey(NKEY_PREFIX.user, user))).toBe(user);
    }
  });

  it('refuse a key of another kind and a changed letter', () => {
    const user = createUser().getPublicKey();
    expect(() => decodePublicNkey(NKEY_PREFIX.account, user)).toThrow('expected kind');
    expect(() => decodePublicNkey(NKEY_PREFIX.user, user.slice(0, -1) + (user.endsWith('A') ? 'B' : 'A'))).toThrow(
      'not an nkey',
    );
    expect(() => new NatsIssuer(seedOf(createUser()))).toThrow('expected kind');
  });

  it('open boxes of another implementation, and theirs are opened by it', () => {
    const server = createCurve();
    const callout = createCurve();
    const box = new XkeyBox(seedOf(callout));
    expect(box.publicKey).toBe(callout.getPublicKey());
    expect(box.open(server.getPublicKey(), server.seal(Buffer.from('hello'), callout.getPublicKey())).toString()).toBe(
      'hello',
    );
    expect(
      Buffer.from(
        server.open(box.seal(server.getPublicKey(), Buffer.from('welcome')), callout.getPublicKey()) ?? [],
      ).toString(),
    ).toBe('welcome');
    expect(() =>
      box.open(createCurve().getPublicKey(), server.seal(Buffer.from('x'), callout.getPublicKey())),
    ).toThrow();
  });

  it('sign user tokens that another implementation verifies, for the account that they name', () => {
    const account = createAccount();
    const grant = {
      account: 'AGENTS' as const,
      name: 'a',
      userKey: createUser().getPublicKey(),
      expiresAtSeconds: 600,
      publish: ['agt.o.a.task.*'],
      subscribe: ['dlv.o.a'],
      responseTtlMs: 10_000,
      maxSubscriptions: 10,
      maxPayloadBytes: 1000,
    };
    const [header, body, signature] = userToken(new NatsIssuer(seedOf(account)), grant, 0).split('.');
    expect(
      fromPublic(account.getPublicKey()).verify(
        Buffer.from(`${header}.${body}`),
        Buffer.from(signature ?? '', 'base64url'),
      ),
    ).toBe(true);
    expect(JSON.parse(Buffer.from(body ?? '', 'base64url').toString())).toMatchObject({
      aud: 'AGENTS',
      exp: 600,
      nats: { pub: { allow: ['agt.o.a.task.*'] } },
    });
  });
});

describe('client secrets', () => {
  const pepper = Buffer.alloc(32, 7);
  const { clientId, secret } = newClientCredential(new SystemRandom());

  it('name their client and carry a checksum', () => {
    expect(clientIdOf(secret)).toBe(clientId);
    expect(clientIdOf(secret.replace(/.$/, (c) => (c === '0' ? '1' : '0')))).toBeUndefined();
    expect(clientIdOf('csk_x')).toBeUndefined();
  });

  it('match their own hash under the same pepper only', () => {
    expect(secretMatches(pepper, secret, hashSecret(pepper, secret))).toBe(true);
    expect(secretMatches(Buffer.alloc(32, 8), secret, hashSecret(pepper, secret))).toBe(false);
    expect(secretMatches(pepper, `${secret}x`, hashSecret(pepper, secret))).toBe(false);
  });
});
