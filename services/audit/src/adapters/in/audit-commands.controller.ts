import { Controller } from '@nestjs/common';
import { formatInstant } from '@countersign/primitives';
import { COMMANDS, TIMERS, type AnswerOf, type ParsedRequestOf } from '@countersign/contracts';
import { OnCommand } from '@countersign/bus';
import { Logger } from '@countersign/telemetry';
import { Chains } from '../../application/ports.js';
import { ChainWalker, type BrokenEntry } from '../../domain/chain.js';

const { audit } = COMMANDS;
const PAGE = 1_000;
/** A submission without a decision is told of this long after its verdicts were due. */
const OPEN_AFTER_MS = TIMERS.verdict + 60_000;

/** Commands on the record. */
@Controller()
export class AuditCommands {
  constructor(
    private readonly chains: Chains,
    private readonly logger: Logger,
  ) {}

  @OnCommand(audit.export)
  async export({ org, from, limit }: ParsedRequestOf<typeof audit.export>): Promise<AnswerOf<typeof audit.export>> {
    const [{ size }, entries] = await Promise.all([this.chains.head(org), this.chains.entries(org, from, limit)]);
    return { size, entries: [...entries] };
  }

  @OnCommand(audit.verify)
  async verify({ org }: ParsedRequestOf<typeof audit.verify>): Promise<AnswerOf<typeof audit.verify>> {
    const head = await this.chains.head(org);
    const walker = new ChainWalker(org);
    const broken = (await this.#walk(org, walker, head.size)) ?? shortOf(walker, head);
    const firstBad =
      (await this.#misfiled(org, broken?.position ?? head.size)) ?? broken ?? (await this.#beyond(org, head.size));
    if (firstBad !== undefined) this.logger.alert('AUDIT_CHAIN_BROKEN', { org, seq: firstBad.position });
    return {
      size: head.size,
      ok: firstBad === undefined,
      head: head.last ?? null,
      root: walker.root() ?? null,
      firstBad: firstBad ?? null,
    };
  }

  @OnCommand(audit.open)
  async open({ limit }: ParsedRequestOf<typeof audit.open>): Promise<AnswerOf<typeof audit.open>> {
    const found = await this.chains.open(OPEN_AFTER_MS, limit);
    return { submissions: found.map(({ at, ...rest }) => ({ ...rest, at: formatInstant(at) })) };
  }

  @OnCommand(audit.explain)
  async explain({ task }: ParsedRequestOf<typeof audit.explain>): Promise<AnswerOf<typeof audit.explain>> {
    const entries = await this.chains.ofTask(task);
    return {
      found: entries.length > 0,
      part: {
        entries: entries.map(({ position, leaf, header }) => ({ position, leaf, header: JSON.parse(header) as never })),
      },
    };
  }

  async #misfiled(org: string, size: number): Promise<BrokenEntry | undefined> {
    const position = await this.chains.misfiled(org, size);
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

  /** Walks a chain up to the size its head had when the walk began; entries written meanwhile are left for the next one. */
  async #walk(org: string, walker: ChainWalker, size: number): Promise<BrokenEntry | undefined> {
    while (walker.size < size) {
      const page = await this.chains.entries(org, walker.size, Math.min(PAGE, size - walker.size));
      for (const entry of page) {
        const broken = walker.step(entry);
        if (broken !== undefined) return broken;
      }
      if (page.length === 0) return undefined;
    }
    return undefined;
  }
}

function shortOf(
  walker: ChainWalker,
  head: { readonly size: number; readonly last: string | undefined },
): BrokenEntry | undefined {
  if (walker.size !== head.size)
    return { position: walker.size, problem: `the head names ${head.size} entries, the chain ends here` };
  return head.size === 0 || walker.head === head.last
    ? undefined
    : { position: walker.size - 1, problem: 'the head names another last entry' };
}
