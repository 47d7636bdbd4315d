import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { sha256, toBase64Url, utf8 } from '@countersign/primitives';
import { type Purpose, type Signer } from '@countersign/contracts';

const ZERO = Buffer.of(0);

/** Key id of a public key: `<service>-<first 16 hex digits of SHA-256(raw public key)>`. */
export function keyIdOf(service: string, rawPublicKey: Uint8Array): string {
  return `${service}-${sha256(rawPublicKey).toString('hex').slice(0, 16)}`;
}

/** The 32 raw bytes of an Ed25519 public key (RFC 8032). */
export function rawPublicKeyOf(key: KeyObject): Buffer {
  const { x } = key.export({ format: 'jwk' });
  if (x === undefined) throw new Error('not an Ed25519 public key');
  return Buffer.from(x, 'base64url');
}

/** Makes a key object of 32 raw bytes of an Ed25519 public key; throws when they are none. */
export function publicKeyOfRaw(raw: Uint8Array): KeyObject {
  return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(raw) } });
}

/** The bytes that a signature covers: what it is for, where the message stands, and what it says. */
export function signedBytes(purpose: Purpose, subject: string, bodyHash: Uint8Array): Buffer {
  return Buffer.concat([utf8(purpose), ZERO, utf8(subject), ZERO, bodyHash]);
}

/** What a signed message carries in its headers. */
export interface Signature {
  readonly kid: string;
  /** Ed25519 signature, base64url. */
  readonly sig: string;
}

/** The private Ed25519 key of one service. It never leaves the process; printing or serialising it shows the key id only. */
export class SigningKey {
  readonly kid: string;
  readonly publicKey: Buffer;
  readonly #key: KeyObject;

  constructor(
    readonly service: Signer | 'installation',
    key: KeyObject,
  ) {
    if (key.asymmetricKeyType !== 'ed25519' || key.type !== 'private')
      throw new Error(`the key of ${service} is not an Ed25519 private key`);
    this.#key = key;
    this.publicKey = rawPublicKeyOf(createPublicKey(key));
    this.kid = keyIdOf(service, this.publicKey);
  }

  /** A new random key. */
  static generate(service: Signer | 'installation'): SigningKey {
    return new SigningKey(service, generateKeyPairSync('ed25519').privateKey);
  }

  /** Reads a key from PKCS #8 PEM; throws without showing the text when it is none. */
  static fromPem(service: Signer | 'installation', pem: string): SigningKey {
    try {
      return new SigningKey(service, createPrivateKey(pem));
    } catch {
      throw new Error(`the key file of ${service} is not an Ed25519 private key in PKCS #8 PEM`);
    }
  }

  /** PKCS #8 PEM, for the key file (0600) and nothing else. */
  toPem(): string {
    return this.#key.export({ format: 'pem', type: 'pkcs8' }).toString();
  }

  /** The key object, for JWTs. */
  get keyObject(): KeyObject {
    return this.#key;
  }

  /** Signs a message of this purpose on this subject. `bodyHash` is SHA-256(body), of frames and replies what `contracts` says. */
  sign(purpose: Purpose, subject: string, bodyHash: Uint8Array): Signature {
    return { kid: this.kid, sig: toBase64Url(sign(null, signedBytes(purpose, subject, bodyHash), this.#key)) };
  }

  toJSON(): object {
    return { kid: this.kid };
  }
}
