import { Controller } from '@nestjs/common';
import { Clock, formatInstant } from '@countersign/primitives';
import { COMMANDS, TIMERS, type AnswerOf, type ParsedRequestOf } from '@countersign/contracts';
import { CommandRefused, OnCommand, type CommandContext } from '@countersign/bus';
import { parseObject } from '@countersign/record';
import { Logger } from '@countersign/telemetry';
import { ChainCheck } from '../../application/chain-check.js';
import { SignCheckpoints } from '../../application/sign-checkpoints.js';
import { Chains, Payloads, Retention } from '../../application/ports.js';
import { lastDecision, verdictsOf } from '../../domain/decision-verdicts.js';
import { pageOf } from '../../domain/entry-page.js';
import { erasableAt } from '../../domain/payload-epoch.js';

const { audit } = COMMANDS;
/** Payloads are read in small pages: each may be a quarter of a megabyte. */
const PAGE_WITH_PAYLOADS = 50;
/** A submission without a decision is told of this long after its verdicts were due. */
const OPEN_AFTER_MS = TIMERS.verdict + 60_000;

/** Commands on the record. */
@Controller()
export class AuditCommands {
  constructor(
    private readonly chains: Chains,
    private readonly payloads: Payloads,
    private readonly retention: Retention,
    private readonly check: ChainCheck,
    private readonly checkpoints: SignCheckpoints,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  @OnCommand(audit.export)
  async export(request: ParsedRequestOf<typeof audit.export>): Promise<AnswerOf<typeof audit.export>> {
    const { org, from, limit, payloads } = request;
    const wanted = payloads ? Math.min(limit, PAGE_WITH_PAYLOADS) : limit;
    const [{ size }, entries] = await Promise.all([this.chains.head(org), this.chains.entries(org, from, wanted)]);
    const opened = await this.payloads.of(org, payloads ? entries : []);
    return { size, entries: [...pageOf(entries, opened)] };
  }

  @OnCommand(audit.checkpoint)
  async checkpoint({ org }: ParsedRequestOf<typeof audit.checkpoint>): Promise<AnswerOf<typeof audit.checkpoint>> {
    const signed = await this.checkpoints.sign(org);
    if ('problem' in signed) {
      this.logger.alert('AUDIT_CHAIN_BROKEN', { org, seq: signed.position });
      throw new CommandRefused(
        'AUDIT_UNAVAILABLE',
        `the record is not signed: entry ${signed.position}: ${signed.problem}`,
        'org',
      );
    }
    return signed;
  }

  @OnCommand(audit.verify)
  async verify({ org }: ParsedRequestOf<typeof audit.verify>): Promise<AnswerOf<typeof audit.verify>> {
    const { size, head, root, firstBad } = await this.check.of(org);
    if (firstBad !== undefined) this.logger.alert('AUDIT_CHAIN_BROKEN', { org, seq: firstBad.position });
    return {
      size,
      ok: firstBad === undefined,
      head: head ?? null,
      root: root ?? null,
      firstBad: firstBad ?? null,
    };
  }

  @OnCommand(audit.erase)
  async erase(
    { org, epoch, reason }: ParsedRequestOf<typeof audit.erase>,
    { actor }: CommandContext,
  ): Promise<AnswerOf<typeof audit.erase>> {
    const now = this.clock.now();
    if (now < erasableAt(epoch))
      throw new CommandRefused(
        'REQUEST_INVALID',
        `payloads of ${epoch} are still being written; they can be erased from ${formatInstant(erasableAt(epoch))} on`,
        'epoch',
      );
    const erased = await this.retention.erase({ org, epoch, reason, actor, now });
    if (erased === undefined)
      throw new CommandRefused('NOT_FOUND', `the organisation has no payloads of ${epoch}`, 'epoch');
    return erased;
  }

  @OnCommand(audit.open)
  async open({ limit }: ParsedRequestOf<typeof audit.open>): Promise<AnswerOf<typeof audit.open>> {
    const found = await this.chains.open(OPEN_AFTER_MS, limit);
    return { submissions: found.map(({ at, ...rest }) => ({ ...rest, at: formatInstant(at) })) };
  }

  @OnCommand(audit.explain)
  async explain({ task }: ParsedRequestOf<typeof audit.explain>): Promise<AnswerOf<typeof audit.explain>> {
    const entries = await this.chains.ofTask(task);
    const decision = lastDecision(entries);
    const payloads = await this.payloads.of(task.org, decision === undefined ? [] : [decision]);
    const payload = decision === undefined ? undefined : payloads.get(decision.position);
    return {
      found: entries.length > 0,
      part: {
        entries: entries.map(({ position, leaf, header }) => ({
          position,
          leaf,
          header: parseObject(header) as never,
        })),
        decision: decision?.position ?? null,
        payload: payload?.state ?? null,
        verdicts: verdictsOf(payload),
      },
    };
  }
}
