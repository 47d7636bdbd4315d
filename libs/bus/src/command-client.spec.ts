import { describe, expect, it } from '@jest/globals';
import { headers, type Msg } from '@nats-io/transport-node';
import { testKeys } from '@countersign/testing';
import { SystemClock, SystemRandom, toBase64Url, utf8, uuidV7 } from '@countersign/primitives';
import { SIGNATURE_HEADERS, type TrustBundleFile } from '@countersign/contracts';
import { sealTrustBundle, signReply, SigningKey, TrustBundle } from '@countersign/identity';
import type { Bus } from './bus.js';
import { CommandClient } from './command-client.js';

const keys = testKeys();
const org = uuidV7(Date.now(), new SystemRandom());
const bundle = (version: number): TrustBundleFile =>
  sealTrustBundle(keys.installation, { v: 1, version, keys: version === 3 ? keys.bundle.body.keys : [] });

/** A client that knows a bundle of some version, of a registry that tells another one. */
function client(known: number, told: unknown): CommandClient {
  const request = (subject: string, request: Uint8Array): Promise<Msg> => {
    const reply = utf8(JSON.stringify({ ok: true, result: { trustBundle: told } }));
    const { kid, sig } = signReply(keys.keyOf('registry'), { subject, request: Buffer.from(request), reply });
    const signed = headers();
    signed.set(SIGNATURE_HEADERS.kid, kid);
    signed.set(SIGNATURE_HEADERS.sig, sig);
    return Promise.resolve({ data: reply, headers: signed } as unknown as Msg);
  };
  return new CommandClient({
    bus: { nc: { request } as unknown as Bus['nc'] },
    key: SigningKey.generate('operator'),
    bundle: TrustBundle.open(bundle(known), keys.installationKey),
    clock: new SystemClock(),
    random: new SystemRandom(),
    actor: { kind: 'user', id: 'ann' },
  });
}

describe('the newest trust bundle', () => {
  it('counts by the signature of the installation, of whoever knows no key that signed the reply', async () => {
    const newest = await client(1, bundle(3)).newestBundle(org, keys.installationKey);
    expect([newest.version, newest.body.keys.length]).toEqual([3, keys.bundle.body.keys.length]);
    expect((await client(3, bundle(3)).newestBundle(org, keys.installationKey)).version).toBe(3);
  });

  it('is not older than what is known', async () => {
    await expect(client(3, bundle(2)).newestBundle(org, keys.installationKey)).rejects.toThrow('older than the one');
  });

  it('is of no other installation, and changed by nobody', async () => {
    const other = toBase64Url(SigningKey.generate('installation').publicKey);
    await expect(client(1, bundle(3)).newestBundle(org, other)).rejects.toMatchObject({ code: 'TRUST_BUNDLE_INVALID' });
    const changed = { ...bundle(3), body: bundle(2).body };
    await expect(client(1, changed).newestBundle(org, keys.installationKey)).rejects.toMatchObject({
      code: 'TRUST_BUNDLE_INVALID',
    });
  });
});
