import { expect, it } from '@jest/globals';
import { SeededRandom } from '@countersign/testing';
import { clientIdOf, hashSecret, newClientCredential, secretMatches } from './client-secret.js';

const random = new SeededRandom('secrets');
const pepper = Buffer.alloc(32, 1);

it('a secret names its client and is told from an example by its checksum', () => {
  const { clientId, secret } = newClientCredential(random);
  expect(secret).toMatch(/^csk_[0-9a-z]{12}_[0-9a-z]{40}_[0-9a-f]{6}$/);
  expect(clientIdOf(secret)).toBe(clientId);
  expect(clientIdOf(`${secret.slice(0, -1)}${secret.endsWith('0') ? '1' : '0'}`)).toBeUndefined();
  expect(clientIdOf('csk_example')).toBeUndefined();
});

it('a secret matches its hash under the same pepper, and nothing else does', () => {
  const { secret } = newClientCredential(random);
  const stored = hashSecret(pepper, secret);
  expect(secretMatches(pepper, secret, stored)).toBe(true);
  expect(secretMatches(pepper, newClientCredential(random).secret, stored)).toBe(false);
  expect(secretMatches(Buffer.alloc(32, 2), secret, stored)).toBe(false);
  expect(secretMatches(pepper, secret, stored.subarray(1))).toBe(false);
});

it('no two credentials are alike', () => {
  const made = Array.from({ length: 200 }, () => newClientCredential(random));
  expect(new Set(made.map(({ clientId }) => clientId)).size).toBe(200);
  expect(new Set(made.map(({ secret }) => secret)).size).toBe(200);
});
