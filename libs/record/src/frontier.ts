import { formatDigest, merkleNode, sha256, type Digest } from '@countersign/primitives';

/** The right edge of an RFC 6962 tree: as many hashes as the size has bits, enough for the root and for every leaf to come. */
export class MerkleFrontier {
  readonly #nodes: (Buffer | undefined)[] = [];

  /** Adds the next leaf hash. */
  push(leaf: Buffer): void {
    let node = leaf;
    let level = 0;
    for (let left = this.#nodes[level]; left !== undefined; left = this.#nodes[level]) {
      node = merkleNode(left, node);
      this.#nodes[level] = undefined;
      level += 1;
    }
    this.#nodes[level] = node;
  }

  /** Root over all leaves; of none it is SHA-256 of nothing (RFC 6962 section 2.1). */
  root(): Digest {
    let root: Buffer | undefined;
    for (const node of this.#nodes) if (node !== undefined) root = root === undefined ? node : merkleNode(node, root);
    return formatDigest(root ?? sha256(''));
  }
}
