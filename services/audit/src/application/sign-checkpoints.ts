import { Injectable } from '@nestjs/common';
import type { Digest } from '@countersign/primitives';
import { SigningKey } from '@countersign/identity';
import { hostConfigSchema, ServiceConfig } from '@countersign/service-host';
import {
  ChainWalker,
  deploymentOf,
  originOf,
  signCheckpoint,
  verifierKeyOf,
  type BrokenEntry,
  type Checkpoint,
} from '@countersign/record';
import { ChainCheck, shortOf } from './chain-check.js';
import { Chains } from './ports.js';

/** Chains whose end is remembered; the one that was asked for longest ago is walked anew. */
const REMEMBERED = 64;

const installationKeyOf = hostConfigSchema.pick({ COUNTERSIGN_INSTALLATION_KEY: true });

/** A checkpoint with its signed note. */
export interface SignedCheckpoint extends Checkpoint {
  readonly note: string;
  readonly head: Digest | null;
  readonly verifierKey: string;
}

/**
 * Signs what chains came to. A chain is walked from its first entry, and from then on from where the walk ended: so every checkpoint that this process signs is
 * consistent with the one before it, and a chain that does not verify is never signed again.
 */
@Injectable()
export class SignCheckpoints {
  readonly #walkers = new Map<string, ChainWalker>();
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #deployment: string;

  constructor(
    private readonly chains: Chains,
    private readonly check: ChainCheck,
    private readonly key: SigningKey,
    config: ServiceConfig,
  ) {
    this.#deployment = deploymentOf(installationKeyOf.parse(config.values).COUNTERSIGN_INSTALLATION_KEY);
  }

  /** Signs the chain of an organisation as it is now; answers the first bad entry instead where there is one. */
  async sign(org: string): Promise<SignedCheckpoint | BrokenEntry> {
    const before = this.#turns.get(org) ?? Promise.resolve();
    const turn = before.catch(() => undefined).then(() => this.#sign(org));
    this.#turns.set(org, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(org) === turn) this.#turns.delete(org);
    }
  }

  async #sign(org: string): Promise<SignedCheckpoint | BrokenEntry> {
    const walker = this.#walkers.get(org) ?? new ChainWalker(org);
    const head = await this.chains.head(org);
    const broken = (await this.check.walk(org, walker, head.size)) ?? shortOf(walker, head);
    // whatever is wrong is looked at again from the first entry on, not from the one after it
    this.#walkers.delete(org);
    if (broken !== undefined) return broken;
    this.#remember(org, walker);
    const checkpoint = { origin: originOf(this.#deployment, org), size: walker.size, root: walker.rootOfAll() };
    return {
      ...checkpoint,
      note: signCheckpoint(this.key, checkpoint),
      head: walker.size === 0 ? null : walker.head,
      verifierKey: verifierKeyOf(checkpoint.origin, this.key.publicKey),
    };
  }

  #remember(org: string, walker: ChainWalker): void {
    this.#walkers.set(org, walker);
    const [oldest] = this.#walkers.keys();
    if (this.#walkers.size > REMEMBERED && oldest !== undefined) this.#walkers.delete(oldest);
  }
}
