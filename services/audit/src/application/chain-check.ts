import { Injectable } from '@nestjs/common';
import type { Digest } from '@countersign/primitives';
import { ChainWalker, type BrokenEntry } from '@countersign/record';
import { Chains } from './ports.js';

/** How a chain is walked: entries at a time, and the rest after each page. */
export interface Pace {
  readonly page: number;
  readonly restMs: number;
}

const STEADY: Pace = { page: 1_000, restMs: 0 };

/** What walking a chain came to. */
export interface CheckedChain {
  /** Entries that the head names. */
  readonly size: number;
  readonly head: Digest | undefined;
  /** RFC 6962 root over the entries that were walked. */
  readonly root: Digest | undefined;
  readonly firstBad: BrokenEntry | undefined;
}

/** Checks chains page by page: memory does not grow with their length. */
@Injectable()
export class ChainCheck {
  constructor(private readonly chains: Chains) {}

  /** Checks a whole chain up to the size that its head had when the check began; entries written meanwhile are left for the next one. */
  async of(org: string): Promise<CheckedChain> {
    const head = await this.chains.head(org);
    const walker = new ChainWalker(org);
    const firstBad =
      (await this.walk(org, walker, head.size)) ?? shortOf(walker, head) ?? (await this.#beyond(org, head.size));
    return { size: head.size, head: head.last, root: walker.root(), firstBad };
  }

  /** Walks on to a size. Of one page an entry that is filed wrongly is found before a later one that is broken. */
  async walk(
    org: string,
    walker: ChainWalker,
    size: number,
    { page: most, restMs }: Pace = STEADY,
  ): Promise<BrokenEntry | undefined> {
    while (walker.size < size) {
      const from = walker.size;
      const page = await this.chains.entries(org, from, Math.min(most, size - from));
      let broken: BrokenEntry | undefined;
      for (const entry of page) {
        broken = walker.step(entry);
        if (broken !== undefined) break;
      }
      const first = (await this.#misfiled(org, from, walker.size)) ?? broken;
      if (first !== undefined || page.length === 0) return first;
      if (restMs > 0 && walker.size < size) await new Promise((resolve) => setTimeout(resolve, restMs));
    }
    return undefined;
  }

  async #misfiled(org: string, from: number, to: number): Promise<BrokenEntry | undefined> {
    const position = await this.chains.misfiled(org, from, to);
    return position === undefined
      ? undefined
      : { position, problem: 'the entry is filed under what its header does not say' };
  }

  /** An entry behind the last one that the head names, where the head has not moved on meanwhile: both are written in one transaction, so it was set back. */
  async #beyond(org: string, size: number): Promise<BrokenEntry | undefined> {
    const [next] = await this.chains.entries(org, size, 1);
    if (next === undefined || (await this.chains.head(org)).size > next.position) return undefined;
    return { position: size, problem: `the head names ${size} entries, the chain goes on` };
  }
}

/** Whether the chain ends before its head says, or the head names another last entry. */
export function shortOf(
  walker: ChainWalker,
  head: { readonly size: number; readonly last: Digest | undefined },
): BrokenEntry | undefined {
  if (walker.size !== head.size)
    return { position: walker.size, problem: `the head names ${head.size} entries, the chain ends here` };
  return head.size === 0 || walker.head === head.last
    ? undefined
    : { position: walker.size - 1, problem: 'the head names another last entry' };
}
