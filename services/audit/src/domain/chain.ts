import { canonicalJson, formatDigest, merkleLeaf, merkleNode, sha256, type Digest } from '@countersign/primitives';

/** The leaf before the first entry of a chain. */
export const GENESIS: Digest = formatDigest(sha256('countersign/audit/genesis/v1'));

/** An entry as it is stored. */
export interface StoredEntry {
  readonly position: number;
  readonly leaf: Digest;
  readonly header: string;
}

/** The first entry that is not what it has to be, and why. */
export interface BrokenEntry {
  readonly position: number;
  readonly problem: string;
}

/**
 * Walks a chain from its first entry: every header hashes to its leaf (RFC 6962), is canonical, names its own position and organisation and the leaf before
 * it. Keeps a Merkle frontier, so that the root at the end costs no second pass.
 */
export class ChainWalker {
  #next = 0;
  #last: Digest = GENESIS;
  readonly #frontier: (Buffer | undefined)[] = [];

  constructor(private readonly org: string) {}

  /** Checks the next entry; the first problem ends the walk. */
  step(entry: StoredEntry): BrokenEntry | undefined {
    const problem = this.#problemOf(entry);
    if (problem !== undefined) return { position: this.#next, problem };
    this.#push(merkleLeaf(Buffer.from(entry.header, 'utf8')));
    this.#last = entry.leaf;
    this.#next += 1;
    return undefined;
  }

  /** Entries walked so far. */
  get size(): number {
    return this.#next;
  }

  /** Leaf of the last entry. */
  get head(): Digest {
    return this.#last;
  }

  /** RFC 6962 root over all leaves walked; undefined before the first. */
  root(): Digest | undefined {
    let root: Buffer | undefined;
    for (const node of this.#frontier)
      if (node !== undefined) root = root === undefined ? node : merkleNode(node, root);
    return root === undefined ? undefined : formatDigest(root);
  }

  #push(leaf: Buffer): void {
    let node = leaf;
    let level = 0;
    for (let left = this.#frontier[level]; left !== undefined; left = this.#frontier[level]) {
      node = merkleNode(left, node);
      this.#frontier[level] = undefined;
      level += 1;
    }
    this.#frontier[level] = node;
  }

  #problemOf({ position, leaf, header }: StoredEntry): string | undefined {
    if (position !== this.#next) return `entry ${this.#next} is missing, the next one there is ${position}`;
    if (formatDigest(merkleLeaf(Buffer.from(header, 'utf8'))) !== leaf) return 'the header does not hash to its leaf';
    const parsed = parseObject(header);
    if (parsed === undefined || canonicalJson(parsed) !== header) return 'the header is not canonical JSON';
    if (parsed['seq'] !== position) return 'the header names another position';
    if (parsed['org'] !== this.org) return 'the header belongs to another organisation';
    return parsed['prev'] === this.#last ? undefined : 'the header does not name the leaf before it';
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value))
      : undefined;
  } catch {
    return undefined;
  }
}
