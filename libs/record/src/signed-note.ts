import { sign, verify } from 'node:crypto';
import { fromBase64Url, sha256 } from '@countersign/primitives';
import type { TrustBundleBody } from '@countersign/contracts';
import { publicKeyOfRaw, type SigningKey } from '@countersign/identity';
import { checkpointText, parseCheckpoint, type Checkpoint } from './checkpoint.js';

/** Signature type of Ed25519 in C2SP `signed-note`. */
const ED25519 = 1;
const KEY_ID_BYTES = 4;
const SIGNATURE_BYTES = 64;
/** A note may carry signatures of witnesses; more than this nobody reads. */
const MAX_SIGNATURES = 16;
const SIGNATURE_LINE = /^— (\S+) ([A-Za-z0-9+/]+={0,2})$/;

/** Key id of C2SP `signed-note`: the first four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key). */
function keyIdOf(name: string, publicKey: Uint8Array): Buffer {
  return sha256(name, Buffer.of(0x0a, ED25519), publicKey).subarray(0, KEY_ID_BYTES);
}

/** Name of a deployment in origins: `cs-` and the first 16 hexadecimal digits of SHA-256(installation key). */
export function deploymentOf(installationKey: string): string {
  return `cs-${sha256(fromBase64Url(installationKey)).toString('hex').slice(0, 16)}`;
}

/** Fingerprint of an installation key for people to compare. */
export function fingerprintOf(installationKey: string): string {
  return `sha256:${sha256(fromBase64Url(installationKey)).toString('hex')}`;
}

/**
 * Signs a checkpoint as a C2SP signed note. The key's name is the origin. What audit signs elsewhere starts with `countersign/`, a checkpoint with `cs-`: neither
 * signature can be shown as the other.
 */
export function signCheckpoint(key: SigningKey, checkpoint: Checkpoint): string {
  const text = checkpointText(checkpoint);
  const signature = Buffer.concat([
    keyIdOf(checkpoint.origin, key.publicKey),
    sign(null, Buffer.from(text), key.keyObject),
  ]);
  return `${text}\n— ${checkpoint.origin} ${signature.toString('base64')}\n`;
}

/** Verifier key of C2SP `signed-note` for other implementations: name, key id in hexadecimal, type and public key in base64. */
export function verifierKeyOf(origin: string, publicKey: Uint8Array): string {
  const key = Buffer.concat([Buffer.of(ED25519), publicKey]);
  return `${origin}+${keyIdOf(origin, publicKey).toString('hex')}+${key.toString('base64')}`;
}

/** A note that was read: its checkpoint, and the kid of the key of audit whose signature is good; undefined when none is. */
export interface OpenedNote {
  readonly checkpoint: Checkpoint;
  readonly signedBy: string | undefined;
}

/** Reads a signed checkpoint against the keys of a trust bundle; undefined when the text is no signed note of a checkpoint. */
export function openNote(note: string, bundle: TrustBundleBody): OpenedNote | undefined {
  const end = note.lastIndexOf('\n\n');
  if (end === -1 || !note.endsWith('\n')) return undefined;
  const text = note.slice(0, end + 1);
  const checkpoint = parseCheckpoint(text);
  const lines = note.slice(end + 2, -1).split('\n');
  if (checkpoint === undefined || lines.length > MAX_SIGNATURES) return undefined;
  const signatures = lines.map((line) => SIGNATURE_LINE.exec(line));
  if (signatures.some((found) => found === null)) return undefined;
  const own = signatures.flatMap((found) =>
    found?.[1] === checkpoint.origin && found[2] !== undefined ? [Buffer.from(found[2], 'base64')] : [],
  );
  return { checkpoint, signedBy: signerOf(bundle, { checkpoint, text, signatures: own }) };
}

interface Signatures {
  readonly checkpoint: Checkpoint;
  readonly text: string;
  readonly signatures: readonly Buffer[];
}

function signerOf(bundle: TrustBundleBody, { checkpoint, text, signatures }: Signatures): string | undefined {
  return bundle.keys.find(({ service, publicKey }) => {
    if (service !== 'audit') return false;
    const raw = fromBase64Url(publicKey);
    const id = keyIdOf(checkpoint.origin, raw);
    return signatures.some(
      (bytes) =>
        bytes.length === KEY_ID_BYTES + SIGNATURE_BYTES &&
        id.equals(bytes.subarray(0, KEY_ID_BYTES)) &&
        verify(null, Buffer.from(text), publicKeyOfRaw(raw), bytes.subarray(KEY_ID_BYTES)),
    );
  })?.kid;
}
