import { beforeEach, describe, expect, it } from '@jest/globals';
import { canonicalJson, formatDigest, merkleLeaf } from '@countersign/primitives';
import { GENESIS, type StoredEntry } from '@countersign/record';
import { anId, capturedLog, FixedClock } from '@countersign/testing';
import { ChainCheck } from './chain-check.js';
import { Chains, RecordLookup } from './ports.js';
import { VerifyChains } from './verify-chains.js';

const HOUR = 3_600_000;
const [ORG, OTHER] = [anId(), anId()];

class MemoryChains extends Chains {
  readonly #stored = new Map<string, StoredEntry[]>();
  read = 0;

  of(org: string): StoredEntry[] {
    const own = this.#stored.get(org) ?? [];
    this.#stored.set(org, own);
    return own;
  }
  grow(org: string, count: number): void {
    const own = this.of(org);
    for (let i = 0; i < count; i += 1) {
      const header = canonicalJson({ v: 2, org, seq: own.length, prev: own.at(-1)?.leaf ?? GENESIS });
      own.push({ position: own.length, leaf: formatDigest(merkleLeaf(Buffer.from(header))), header });
    }
  }
  async entries(org: string, from: number, limit: number): Promise<readonly StoredEntry[]> {
    const page = this.of(org).slice(from, from + limit);
    this.read += page.length;
    return page;
  }
  async head(org: string): Promise<{ readonly size: number; readonly last: StoredEntry['leaf'] | undefined }> {
    return { size: this.of(org).length, last: this.of(org).at(-1)?.leaf };
  }
  async misfiled(): Promise<undefined> {
    return undefined;
  }
  append = (): Promise<never> => Promise.reject(new Error('nothing is appended here'));
  ofTask = async (): Promise<readonly StoredEntry[]> => [];
  open = async (): Promise<readonly never[]> => [];
}

class TwoOrganizations extends RecordLookup {
  async organizations(): Promise<readonly string[]> {
    return [ORG, OTHER];
  }
  async decisions(): Promise<ReadonlyMap<string, string>> {
    return new Map();
  }
}

describe('verifying chains all the time', () => {
  let chains: MemoryChains;
  let clock: FixedClock;
  let log: ReturnType<typeof capturedLog>;
  let verify: VerifyChains;

  beforeEach(() => {
    [chains, clock, log] = [new MemoryChains(), new FixedClock(), capturedLog('audit')];
    verify = new VerifyChains(new TwoOrganizations(), chains, new ChainCheck(chains), clock, log.logger);
    chains.grow(ORG, 5);
    chains.grow(OTHER, 3);
  });

  const tamper = (): void => {
    const [first] = chains.of(ORG);
    if (first !== undefined) chains.of(ORG)[0] = { ...first, header: first.header.replace('"v":2', '"v":3') };
  };

  it('says nothing before the first pass', () => expect(verify.state()).toBeUndefined());

  it('reads of a chain that passed only what it has grown', async () => {
    await verify.pass();
    expect(verify.state()).toEqual({ ok: true, at: clock.now() });
    chains.read = 0;
    chains.grow(ORG, 2);
    clock.advance(60_000);
    await verify.pass();
    expect(chains.read).toBe(2);
    expect(verify.state()).toEqual({ ok: true, at: clock.now() });
  });

  it('finds within a day what was changed behind it, and tells of it once', async () => {
    await verify.pass();
    tamper();
    clock.advance(23 * HOUR);
    await verify.pass();
    expect(verify.state()?.ok).toBe(true);
    for (let i = 0; i < 3; i += 1) {
      clock.advance(2 * HOUR);
      await verify.pass();
      expect(verify.state()?.ok).toBe(false);
    }
    expect(log.lines).toMatchObject([{ alert: 'AUDIT_CHAIN_BROKEN', org: ORG, seq: 0 }]);
  });

  it('passes again when a chain was mended', async () => {
    const [first] = chains.of(ORG);
    tamper();
    await verify.pass();
    expect(verify.state()?.ok).toBe(false);
    if (first !== undefined) chains.of(ORG)[0] = first;
    clock.advance(HOUR);
    await verify.pass();
    expect(verify.state()?.ok).toBe(true);
  });
});
