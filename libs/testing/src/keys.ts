import { sealTrustBundle, SigningKey, TrustBundle } from '@countersign/identity';
import { toBase64Url } from '@countersign/primitives';
import { SIGNERS, type Signer, type TrustBundleFile } from '@countersign/contracts';

/** The keys of an installation made for one test. */
export interface TestKeys {
  readonly installation: SigningKey;
  /** Public key of the installation, base64url, as configuration holds it. */
  readonly installationKey: string;
  readonly bundle: TrustBundle;
  readonly bundleFile: TrustBundleFile;
  keyOf(signer: Signer): SigningKey;
}

/** From when to when the keys in the bundle count, as instants; 2020 to 2100 unless told. */
export interface TestKeyOptions {
  readonly notBefore?: string;
  readonly notAfter?: string;
}

/** New random keys for every signer, and the trust bundle that names them. */
export function testKeys(options: TestKeyOptions = {}): TestKeys {
  const { notBefore = '2020-01-01T00:00:00.000Z', notAfter = '2100-01-01T00:00:00.000Z' } = options;
  const installation = SigningKey.generate('installation');
  const keys = new Map(SIGNERS.map((signer) => [signer, SigningKey.generate(signer)]));
  const entries = [...keys].map(([service, key]) => {
    return { kid: key.kid, service, publicKey: toBase64Url(key.publicKey), notBefore, notAfter };
  });
  const bundleFile = sealTrustBundle(installation, { v: 1, version: 1, keys: entries });
  const installationKey = toBase64Url(installation.publicKey);
  const keyOf = (signer: Signer): SigningKey => {
    const key = keys.get(signer);
    if (key === undefined) throw new Error(`no key of ${signer}`);
    return key;
  };
  return { installation, installationKey, bundle: TrustBundle.open(bundleFile, installationKey), bundleFile, keyOf };
}
