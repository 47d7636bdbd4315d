import { sha256 } from './sha256.js';

const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);

/** Hash of one leaf, RFC 6962 section 2.1: SHA-256(0x00 ‖ data). Text is its UTF-8, and is hashed in one call: half the time. */
export function merkleLeaf(data: Uint8Array | string): Buffer {
  return typeof data === 'string' ? sha256(`\0${data}`) : sha256(LEAF, data);
}

/** Hash of an inner node, RFC 6962 section 2.1: SHA-256(0x01 ‖ left ‖ right). */
export function merkleNode(left: Uint8Array, right: Uint8Array): Buffer {
  return sha256(NODE, left, right);
}

function splitPoint(size: number): number {
  let k = 1;
  while (k * 2 < size) k *= 2;
  return k;
}

/** Root over leaf hashes, RFC 6962 section 2.1; the root of no leaves is SHA-256 of nothing. */
export function merkleRoot(leaves: readonly Uint8Array[]): Buffer {
  const [first] = leaves;
  if (first === undefined) return sha256('');
  if (leaves.length === 1) return Buffer.from(first);
  const k = splitPoint(leaves.length);
  return merkleNode(merkleRoot(leaves.slice(0, k)), merkleRoot(leaves.slice(k)));
}

/** Audit path of leaf `index`, RFC 6962 section 2.1.1, from the leaf upwards; throws when there is no such leaf. */
export function merklePath(index: number, leaves: readonly Uint8Array[]): Buffer[] {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length)
    throw new RangeError(`no leaf ${index} in a tree of ${leaves.length}`);
  if (leaves.length === 1) return [];
  const k = splitPoint(leaves.length);
  if (index < k) return [...merklePath(index, leaves.slice(0, k)), merkleRoot(leaves.slice(k))];
  return [...merklePath(index - k, leaves.slice(k)), merkleRoot(leaves.slice(0, k))];
}

/** What {@link verifyMerklePath} checks: that `leaf` stands at `index` in the tree of `size` leaves with that `root`. */
export interface InclusionClaim {
  readonly leaf: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly path: readonly Uint8Array[];
  readonly root: Uint8Array;
}

/** Checks an inclusion proof, RFC 9162 section 2.1.3.2. False for every claim that does not hold, malformed ones too. */
export function verifyMerklePath({ leaf, index, size, path, root }: InclusionClaim): boolean {
  if (!Number.isInteger(index) || index < 0 || index >= size) return false;
  let fn = index;
  let sn = size - 1;
  let hash: Buffer = Buffer.from(leaf);
  for (const sibling of path) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = merkleNode(sibling, hash);
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2);
        sn = Math.floor(sn / 2);
      }
    } else hash = merkleNode(hash, sibling);
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && hash.equals(root);
}
