import { canonicalJson, formatDigest, merkleLeaf, sha256, type Digest } from '@countersign/primitives';
import { MerkleFrontier } from './frontier.js';

/** The leaf before the first entry of a chain. */
export const GENESIS: Digest = formatDigest(sha256('countersign/audit/genesis/v1'));

/** An entry as it is stored. */
export interface StoredEntry {
  readonly position: number;
  readonly leaf: Digest;
  readonly header: string;
}

/** An entry as somebody handed it over. */
export interface ReadEntry {
  readonly position: number;
  readonly leaf: string;
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
  readonly #frontier = new MerkleFrontier();

  constructor(private readonly org: string) {}

  /** Checks the next entry; the first problem ends the walk. */
  step({ position, leaf, header }: ReadEntry): BrokenEntry | undefined {
    const hash = merkleLeaf(header);
    const digest = formatDigest(hash);
    const problem = this.#problemOf(position, header, digest === leaf);
    if (problem !== undefined) return { position: this.#next, problem };
    this.#frontier.push(hash);
    this.#last = digest;
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
    return this.#next === 0 ? undefined : this.#frontier.root();
  }

  /** RFC 6962 root over all leaves walked, of none too: what a checkpoint names. */
  rootOfAll(): Digest {
    return this.#frontier.root();
  }

  #problemOf(position: number, header: string, hashes: boolean): string | undefined {
    if (position !== this.#next) return `entry ${this.#next} is missing, the next one there is ${position}`;
    if (!hashes) return 'the header does not hash to its leaf';
    const parsed = parseObject(header);
    if (parsed === undefined || !isCanonical(parsed, header)) return 'the header is not canonical JSON';
    if (parsed['seq'] !== position) return 'the header names another position';
    if (parsed['org'] !== this.org) return 'the header belongs to another organisation';
    return parsed['prev'] === this.#last ? undefined : 'the header does not name the leaf before it';
  }
}

/** Fractions and numbers beyond 2^53 have no canonical form here, so no header holds them. */
function isCanonical(value: object, text: string): boolean {
  try {
    return canonicalJson(value) === text;
  } catch {
    return false;
  }
}

/** Parses a JSON object; undefined when the text is none. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
