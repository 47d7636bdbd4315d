import { describe, expect, it } from '@jest/globals';
import { createAccount } from '@nats-io/nkeys';
import { PURPOSES } from '@countersign/contracts';
import { sha256 } from '@countersign/primitives';
import { NatsIssuer, signConnection, SigningKey, type AuthorizationRequest } from '@countersign/identity';
import { silentLogger } from '@countersign/testing';
import type { OperatorStore } from '../out/operator.store.js';
import type { StoredPerson } from '../out/registry-rows.js';
import { AdmitPeople } from './admit-people.js';

const NONCE = 'the nonce of this connection';
const [ann, bob, stranger] = [0, 1, 2].map(() => SigningKey.generate('operator')) as [
  SigningKey,
  SigningKey,
  SigningKey,
];
const issuer = { key: new NatsIssuer(Buffer.from(createAccount().getSeed()).toString('ascii')) };

/** Ann and Bob are people; `states` are Ann's, one a look. */
function admission(...states: StoredPerson['status'][]): AdmitPeople {
  const rows = [ann, bob].map((key) => ({ key, public_key: key.publicKey.toString('base64url') }));
  const byKeyId = (kid: string): Promise<StoredPerson | undefined> => {
    const found = rows.find(({ key }) => key.kid === kid);
    if (found === undefined) return Promise.resolve(undefined);
    const status = states.shift() ?? 'ACTIVE';
    return Promise.resolve({ org_id: 'org', operator_id: 'ann', public_key: found.public_key, status });
  };
  return new AdmitPeople(issuer, { byKeyId } as OperatorStore, silentLogger('registry'));
}

function request(given: Partial<AuthorizationRequest>): AuthorizationRequest {
  const nobody = { user: undefined, password: undefined, signature: undefined, nonce: NONCE };
  return { serverId: 'server', userKey: 'UKEY', ...nobody, ...given };
}
const signed = (key: SigningKey, nonce = NONCE): Partial<AuthorizationRequest> => {
  const { user, sig } = signConnection(key, nonce);
  return { user, signature: sig };
};

function claimsOf(jwt: string): unknown {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
}

describe('whoever shows a person their key id', () => {
  it('is let in by a signature over the nonce, for ten minutes, to send commands and hear their answers', async () => {
    const admitted = await admission().admit(request(signed(ann)), 1_000);
    const claims = claimsOf('jwt' in admitted ? admitted.jwt : '');
    expect(claims).toMatchObject({ aud: 'PEOPLE', name: 'ann', sub: 'UKEY', exp: 1_600 });
    expect(claims).toMatchObject({ nats: { sub: { allow: [`_INBOX_${ann.kid}.>`] } } });
    expect(claims).not.toHaveProperty('nats.resp');
    expect(claims).toHaveProperty('nats.pub.allow', expect.arrayContaining(['adm.dispatcher.approve']));
    const { allow } = (claims as { nats: { pub: { allow: string[] } } }).nats.pub;
    expect(allow.filter((subject) => !/^adm\.[a-z]+\.[a-z-]+$/.test(subject))).toEqual([]);
    for (const command of ['registry.org-create', 'registry.operator-create', 'dispatcher.block', 'audit.open'])
      expect(allow).not.toContain(`adm.${command}`);
  });

  it.each([
    ['a signature over the nonce of another connection', signed(ann, 'another')],
    ['a signature, to a server that tells no nonce', { ...signed(ann, ''), nonce: undefined }],
    ['a signature, to a server whose nonce is empty', { ...signed(ann, ''), nonce: '' }],
    ['the signature of somebody else', { user: ann.kid, signature: signed(bob).signature }],
    ['a key that is of nobody here', signed(stranger)],
    [
      'a signature that is for a command',
      { user: ann.kid, signature: ann.sign(PURPOSES.admin, ann.kid, sha256(NONCE)).sig },
    ],
    [
      'a signature with the key id of another',
      { user: ann.kid, signature: ann.sign(PURPOSES.connect, bob.kid, sha256(NONCE)).sig },
    ],
    ['no signature', { user: ann.kid }],
    ['a signature that is none', { user: ann.kid, signature: 'A'.repeat(86) }],
    ['the private key as a password', { user: ann.kid, password: ann.toPem() }],
  ])('is not let in by %s', async (_what, shown) => {
    expect(await admission().admit(request(shown), 1_000)).toEqual({ error: 'AUTHENTICATION_FAILED' });
  });

  it('is not let in once they are disabled, nor when that happens while they come in', async () => {
    expect(await admission('DISABLED', 'DISABLED').admit(request(signed(ann)), 1_000)).toEqual({
      error: 'CREDENTIAL_REVOKED',
    });
    expect(await admission('ACTIVE', 'DISABLED').admit(request(signed(ann)), 1_000)).toEqual({
      error: 'CREDENTIAL_REVOKED',
    });
  });
});

it('a person is known by the form of a key id, which no client id of an agent has', () => {
  expect(AdmitPeople.claims(request({ user: ann.kid }))).toBe(true);
  for (const user of [
    undefined,
    '',
    'csk_abcdef',
    'operator-',
    'operator-0123456789ABCDEF',
    `${ann.kid}0`,
    `x${ann.kid}`,
  ])
    expect(AdmitPeople.claims(request({ user }))).toBe(false);
});
