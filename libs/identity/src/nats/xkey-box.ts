import { createPublicKey, diffieHellman, randomBytes, type KeyObject } from 'node:crypto';
import { hsalsa, xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import { rawPublicKeyOf } from '../signing-key.js';
import {
  decodeNkeySeed,
  decodePublicNkey,
  encodePublicNkey,
  NKEY_PREFIX,
  x25519OfScalar,
  x25519Public,
} from './nkey.js';

const VERSION = Buffer.from('xkv1', 'ascii');
const NONCE_BYTES = 24;
const SIGMA = new Uint32Array([0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]);

/** Opens and makes the boxes in which a nats-server and its auth callout talk: X25519 by node:crypto, XSalsa20-Poly1305 (NaCl box) because node:crypto has none. */
export class XkeyBox {
  readonly publicKey: string;
  readonly #key: KeyObject;

  constructor(seed: string) {
    this.#key = x25519OfScalar(decodeNkeySeed(NKEY_PREFIX.curve, seed));
    this.publicKey = encodePublicNkey(NKEY_PREFIX.curve, rawPublicKeyOf(createPublicKey(this.#key)));
  }

  /** Opens a box from the holder of that curve key; throws when it does not open. */
  open(sender: string, box: Uint8Array): Buffer {
    const bytes = Buffer.from(box.buffer, box.byteOffset, box.byteLength);
    if (!bytes.subarray(0, VERSION.length).equals(VERSION)) throw new Error('not a sealed box');
    const nonce = bytes.subarray(VERSION.length, VERSION.length + NONCE_BYTES);
    return Buffer.from(
      xsalsa20poly1305(this.#shared(sender), nonce).decrypt(bytes.subarray(VERSION.length + NONCE_BYTES)),
    );
  }

  /** Seals bytes for the holder of that curve key. */
  seal(recipient: string, bytes: Uint8Array): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    return Buffer.concat([VERSION, nonce, xsalsa20poly1305(this.#shared(recipient), nonce).encrypt(bytes)]);
  }

  #shared(other: string): Uint8Array {
    const secret = diffieHellman({
      privateKey: this.#key,
      publicKey: x25519Public(decodePublicNkey(NKEY_PREFIX.curve, other)),
    });
    const words = new Uint32Array(secret.buffer.slice(secret.byteOffset, secret.byteOffset + 32));
    const out = new Uint32Array(8);
    hsalsa(SIGMA, words, new Uint32Array(4), out);
    return new Uint8Array(out.buffer);
  }
}
