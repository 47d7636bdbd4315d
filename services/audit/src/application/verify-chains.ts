import { Injectable } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import { ChainWalker } from '@countersign/record';
import { Logger } from '@countersign/telemetry';
import { ChainCheck, shortOf } from './chain-check.js';
import { Chains, RecordLookup } from './ports.js';

/** A chain is walked whole that often, and only as far as it has grown in between. */
const WHOLE_EVERY_MS = 24 * 60 * 60_000;
/** A chain that is broken is looked at again that often: it stays broken until somebody acts. */
const BROKEN_EVERY_MS = 10 * 60_000;
/** Few entries at a time with a rest in between, because audit is asked for verdicts by the same process. */
const PACE = { page: 100, restMs: 20 } as const;

/** How far one chain was verified; instants in ms. */
interface Verified {
  readonly walker: ChainWalker;
  readonly wholeAt: number;
  readonly at: number;
  readonly broken: boolean;
}

/** Verifies every chain all the time, slowly: each whole once a day, its growth every pass. */
@Injectable()
export class VerifyChains {
  readonly #chains = new Map<string, Verified>();
  #passedAt: number | undefined;

  constructor(
    private readonly record: RecordLookup,
    private readonly chains: Chains,
    private readonly check: ChainCheck,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** What is known by now: whether every chain passed, and when the one that was verified longest ago was. Undefined before the first pass. */
  state(): { readonly ok: boolean; readonly at: number } | undefined {
    if (this.#passedAt === undefined) return undefined;
    const chains = [...this.#chains.values()];
    return {
      ok: chains.every(({ broken }) => !broken),
      at: Math.min(this.#passedAt, ...chains.map(({ at }) => at)),
    };
  }

  /** One pass over all chains; `stopped` ends it early. */
  async pass(stopped: () => boolean = () => false): Promise<void> {
    for (const org of await this.record.organizations()) {
      if (stopped()) return;
      await this.#verify(org);
    }
    this.#passedAt = this.clock.now();
  }

  async #verify(org: string): Promise<void> {
    const now = this.clock.now();
    const known = this.#chains.get(org);
    if (known?.broken === true && now - known.at < BROKEN_EVERY_MS) return;
    const goesOn = known !== undefined && !known.broken && now - known.wholeAt < WHOLE_EVERY_MS;
    const walker = goesOn ? known.walker : new ChainWalker(org);
    const head = await this.chains.head(org);
    const bad = (await this.check.walk(org, walker, head.size, PACE)) ?? shortOf(walker, head);
    if (bad !== undefined && known?.broken !== true)
      this.logger.alert('AUDIT_CHAIN_BROKEN', { org, seq: bad.position });
    this.#chains.set(org, {
      walker,
      wholeAt: goesOn ? known.wholeAt : now,
      at: this.clock.now(),
      broken: bad !== undefined,
    });
  }
}
