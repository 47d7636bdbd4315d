import { describe, expect, it } from '@jest/globals';
import { PURPOSES, type Signer } from '@countersign/contracts';
import { sha256, toBase64Url, utf8 } from '@countersign/primitives';
import { checkReply, signReply, type Exchange } from './replies.js';
import { SigningKey, type Signature } from './signing-key.js';
import { sealTrustBundle, TrustBundle, type SignatureCheck } from './trust-bundle.js';

const AT = Date.UTC(2026, 2, 2, 10);
const installation = SigningKey.generate('installation');
const keys = { registry: SigningKey.generate('registry'), dispatcher: SigningKey.generate('dispatcher') };
const bundle = TrustBundle.open(
  sealTrustBundle(installation, {
    v: 1,
    version: 1,
    keys: Object.entries(keys).map(([service, key]) => ({
      kid: key.kid,
      service: service as Signer,
      publicKey: toBase64Url(key.publicKey),
      notBefore: '2026-01-01T00:00:00.000Z',
      notAfter: '2027-01-01T00:00:00.000Z',
    })),
  }),
  toBase64Url(installation.publicKey),
);
const exchange: Exchange = {
  subject: 'agt.org.agent.status.task',
  request: utf8('{"nonce":"a"}'),
  reply: utf8('{"state":"COMPLETED"}'),
};
const check = ({ kid, sig }: Signature, changes: Partial<Exchange> = {}): SignatureCheck =>
  checkReply(bundle, { kid: [kid], sig: [sig] }, { ...exchange, ...changes }, { signers: ['dispatcher'], at: AT });

describe('a reply', () => {
  const signature = signReply(keys.dispatcher, exchange);

  it('counts for the very request that it answers', () => {
    expect(check(signature)).toEqual({ ok: true, kid: keys.dispatcher.kid, service: 'dispatcher' });
  });

  it('does not count for an equal request with another nonce, for another subject, or with other bytes', () => {
    const refused = { ok: false, failure: 'signature' };
    expect(check(signature, { request: utf8('{"nonce":"b"}') })).toEqual(refused);
    expect(check(signature, { subject: 'agt.org.other.status.task' })).toEqual(refused);
    expect(check(signature, { reply: utf8('{"state":"DENIED"}') })).toEqual(refused);
  });

  it('does not let bytes wander between request and reply', () => {
    const moved = { request: utf8('{"nonce":"a"}{'), reply: utf8('"state":"COMPLETED"}') };
    expect(check(signature, moved)).toEqual({ ok: false, failure: 'signature' });
  });

  it('does not count when another service gave it, or a signature over the reply alone stands on it', () => {
    expect(check(signReply(keys.registry, exchange))).toEqual({ ok: false, failure: 'wrong-signer' });
    for (const purpose of [PURPOSES.reply, PURPOSES.answer, PURPOSES.admin])
      expect(check(keys.dispatcher.sign(purpose, exchange.subject, sha256(exchange.reply))).ok).toBe(false);
  });
});
