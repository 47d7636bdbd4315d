import { verify, type KeyObject } from 'node:crypto';
import { fromBase64Url, parseInstant, sha256, toBase64Url, utf8 } from '@countersign/primitives';
import {
  PURPOSES,
  readTrustBundleBody,
  trustBundleBodySchema,
  trustBundleFileSchema,
  type Purpose,
  type Signer,
  type TrustBundleBody,
  type TrustBundleFile,
} from '@countersign/contracts';
import { keyIdOf, publicKeyOfRaw, signedBytes, type SigningKey } from './signing-key.js';

const BUNDLE_SUBJECT = 'trust-bundle';

/** The bundle does not verify under the installation key, or is not a bundle. */
export class TrustBundleInvalid extends Error {
  readonly code = 'TRUST_BUNDLE_INVALID';
}

/** What arrived: the headers exactly as often as they stood in the message. */
export interface ReceivedSignature {
  readonly kid: readonly string[];
  readonly sig: readonly string[];
}

/** What a signature has to be good for. `at` is when the message was made or stored, in ms: a key counts within its own validity. */
export interface Expectation {
  readonly purpose: Purpose;
  readonly subject: string;
  readonly bodyHash: Uint8Array;
  readonly signers: readonly Signer[];
  readonly at: number;
}

/** Why a signature does not count. */
export type SignatureFailure = 'malformed' | 'unknown-key' | 'wrong-signer' | 'key-not-valid' | 'signature';

/** Whether a signature counts, and whose it is. */
export type SignatureCheck =
  | { readonly ok: true; readonly kid: string; readonly service: Signer }
  | { readonly ok: false; readonly failure: SignatureFailure };

interface BundledKey {
  readonly service: Signer;
  readonly key: KeyObject;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Signs the body of a trust bundle with the installation key. */
export function sealTrustBundle(installation: SigningKey, body: TrustBundleBody): TrustBundleFile {
  const bytes = utf8(JSON.stringify(trustBundleBodySchema.parse(body)));
  return { body: toBase64Url(bytes), sig: installation.sign(PURPOSES.bundle, BUNDLE_SUBJECT, sha256(bytes)).sig };
}

/** The public keys of an installation, verified under its installation key. */
export class TrustBundle {
  readonly #keys = new Map<string, BundledKey>();

  private constructor(
    readonly body: TrustBundleBody,
    readonly file: TrustBundleFile,
  ) {
    for (const entry of body.keys) {
      const raw = fromBase64Url(entry.publicKey);
      // a kid that is not the hash of its key would let one entry shadow another
      if (keyIdOf(entry.service, raw) !== entry.kid)
        throw new TrustBundleInvalid(`key id ${entry.kid} is not the one of its key`);
      this.#keys.set(entry.kid, {
        service: entry.service,
        key: publicKeyOfRaw(raw),
        notBefore: parseInstant(entry.notBefore),
        notAfter: parseInstant(entry.notAfter),
      });
    }
  }

  /** Opens a bundle; throws {@link TrustBundleInvalid} unless it verifies under the installation's public key (base64url), which comes from configuration, never from the bundle. */
  static open(file: unknown, installationKey: string): TrustBundle {
    const parsed = trustBundleFileSchema.safeParse(file);
    if (!parsed.success) throw new TrustBundleInvalid('not a trust bundle file');
    const bytes = fromBase64Url(parsed.data.body);
    const signed = signedBytes(PURPOSES.bundle, BUNDLE_SUBJECT, sha256(bytes));
    if (!verify(null, signed, publicKeyOfRaw(fromBase64Url(installationKey)), fromBase64Url(parsed.data.sig)))
      throw new TrustBundleInvalid('the signature does not verify under the installation key');
    return new TrustBundle(readTrustBundleBody(JSON.parse(bytes.toString('utf8'))), parsed.data);
  }

  /** Increases with every change of keys. */
  get version(): number {
    return this.body.version;
  }

  /** The public key of a kid and whose it is, when it is valid at that instant (ms). */
  keyAt(kid: string, at: number): { readonly service: Signer; readonly key: KeyObject } | undefined {
    const found = this.#keys.get(kid);
    return found !== undefined && at >= found.notBefore && at < found.notAfter ? found : undefined;
  }

  /** Checks a signature: each header exactly once, a known key of one of the expected signers, valid at that instant, over exactly purpose, subject and body. */
  check(received: ReceivedSignature, expected: Expectation): SignatureCheck {
    const [kid] = received.kid;
    const [sig] = received.sig;
    if (
      kid === undefined ||
      sig === undefined ||
      received.kid.length !== 1 ||
      received.sig.length !== 1 ||
      sig.length !== 86
    )
      return { ok: false, failure: 'malformed' };
    const found = this.#keys.get(kid);
    if (found === undefined) return { ok: false, failure: 'unknown-key' };
    if (!expected.signers.includes(found.service)) return { ok: false, failure: 'wrong-signer' };
    if (expected.at < found.notBefore || expected.at >= found.notAfter) return { ok: false, failure: 'key-not-valid' };
    const good = verify(
      null,
      signedBytes(expected.purpose, expected.subject, expected.bodyHash),
      found.key,
      Buffer.from(sig, 'base64url'),
    );
    return good ? { ok: true, kid, service: found.service } : { ok: false, failure: 'signature' };
  }
}
