import { describe, expect, it } from '@jest/globals';
import { canonicalJson, formatDigest, merkleLeaf, merkleRoot, parseDigest } from '@countersign/primitives';
import { GENESIS, openNote, type StoredEntry } from '@countersign/record';
import { anId, testKeys } from '@countersign/testing';
import { ChainCheck } from './chain-check.js';
import { Chains } from './ports.js';
import { SignCheckpoints, type SignedCheckpoint } from './sign-checkpoints.js';

const keys = testKeys();
const ORG = anId();

/** Chains in memory that count what was read of them. */
class MemoryChains extends Chains {
  readonly stored: StoredEntry[] = [];
  read = 0;

  grow(count: number): void {
    for (let i = 0; i < count; i += 1) {
      const position = this.stored.length;
      const header = canonicalJson({ v: 2, org: ORG, seq: position, prev: this.stored.at(-1)?.leaf ?? GENESIS });
      this.stored.push({ position, leaf: formatDigest(merkleLeaf(Buffer.from(header))), header });
    }
  }

  root(size = this.stored.length): string {
    return formatDigest(merkleRoot(this.stored.slice(0, size).map(({ leaf }) => parseDigest(leaf))));
  }

  async entries(_org: string, from: number, limit: number): Promise<readonly StoredEntry[]> {
    const page = this.stored.slice(from, from + limit);
    this.read += page.length;
    return page;
  }

  async head(): Promise<{ readonly size: number; readonly last: StoredEntry['leaf'] | undefined }> {
    return { size: this.stored.length, last: this.stored.at(-1)?.leaf };
  }

  async misfiled(): Promise<undefined> {
    return undefined;
  }

  append = (): Promise<never> => Promise.reject(new Error('nothing is appended here'));
  ofTask = async (): Promise<readonly StoredEntry[]> => this.stored;
  open = async (): Promise<readonly never[]> => [];
}

function trial(): { readonly chains: MemoryChains; readonly sign: () => Promise<SignedCheckpoint | object> } {
  const chains = new MemoryChains();
  const config = { values: { COUNTERSIGN_INSTALLATION_KEY: keys.installationKey } };
  const checkpoints = new SignCheckpoints(chains, new ChainCheck(chains), keys.keyOf('audit'), config);
  return { chains, sign: () => checkpoints.sign(ORG) };
}

describe('signing checkpoints', () => {
  it('signs size and root of a chain, of an empty one too', async () => {
    const { chains, sign } = trial();
    for (const size of [0, 3, 4, 2_500]) {
      chains.grow(size - chains.stored.length);
      const signed = (await sign()) as SignedCheckpoint;
      expect(signed).toMatchObject({ size, root: chains.root(), head: chains.stored.at(-1)?.leaf ?? null });
      const { origin, root } = signed;
      expect(openNote(signed.note, keys.bundle.body)).toEqual({
        checkpoint: { origin, size, root },
        signedBy: keys.keyOf('audit').kid,
      });
    }
  });

  it('goes on from where it was, so that a later checkpoint is one of the same chain', async () => {
    const { chains, sign } = trial();
    chains.grow(100);
    await sign();
    chains.grow(10);
    chains.read = 0;
    await sign();
    expect(chains.read).toBe(10);
  });

  it('signs nothing that does not verify, nor what follows on another chain than before', async () => {
    const { chains, sign } = trial();
    chains.grow(5);
    await sign();
    const forked = new MemoryChains();
    forked.stored.push(...chains.stored.slice(0, 2));
    const header = canonicalJson({ v: 2, org: ORG, seq: 2, other: true, prev: forked.stored[1]?.leaf ?? GENESIS });
    forked.stored.push({ position: 2, leaf: formatDigest(merkleLeaf(Buffer.from(header))), header });
    forked.grow(5);
    chains.stored.splice(0, chains.stored.length, ...forked.stored);
    expect(await sign()).toEqual({ position: 5, problem: expect.stringContaining('the leaf before it') });
  });

  it('signs nothing while the chain is shorter than its head, and whole again when it is', async () => {
    const { chains, sign } = trial();
    chains.grow(5);
    const [last] = chains.stored.splice(3, 1);
    expect(await sign()).toMatchObject({ position: 3, problem: expect.stringContaining('missing') });
    if (last !== undefined) chains.stored.splice(3, 0, last);
    expect(await sign()).toMatchObject({ size: 5, root: chains.root() });
  });
});
