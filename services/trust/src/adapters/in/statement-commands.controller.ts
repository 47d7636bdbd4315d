import { Controller } from '@nestjs/common';
import { Clock, formatInstant, parseInstant } from '@countersign/primitives';
import {
  COMMANDS,
  POSTURE_FACTS,
  type AgentRef,
  type AnswerOf,
  type ParsedRequestOf,
  type PostureStatement,
} from '@countersign/contracts';
import { CommandRefused, OnCommand, type CommandContext } from '@countersign/bus';
import { ReadModels, TaskFacts } from '@countersign/service-host';
import type { Posture } from '../../domain/posture.js';
import { postureOf } from '../out/agent-file.js';
import { EvidenceMemory } from '../out/evidence-memory.js';
import { ObservationStore } from '../out/observation.store.js';
import { StatementStore, type RestrictionRow } from '../out/statement.store.js';

const { trust } = COMMANDS;
type PosturePut = ParsedRequestOf<typeof trust.posturePut>;
/** A sender's clock may be a little ahead. */
const SKEW_MS = 1_000;

/** What people and tools state about agents: posture, ceilings, probation, and that an observation was wrong. Rows are added, never changed. */
@Controller()
export class StatementCommands {
  readonly #facts: TaskFacts;

  constructor(
    models: ReadModels,
    private readonly statements: StatementStore,
    private readonly observations: ObservationStore,
    private readonly evidence: EvidenceMemory,
    private readonly clock: Clock,
  ) {
    this.#facts = new TaskFacts(models);
  }

  @OnCommand(trust.posturePut)
  async posturePut(request: PosturePut, context: CommandContext): Promise<AnswerOf<typeof trust.posturePut>> {
    const now = this.clock.now();
    const agent = this.#known(request);
    const posture: Posture = {
      fact: request.fact,
      value: checkedValue(request),
      source: request.source,
      observedAt: observedAt(request, now),
      expiresAt: request.expiresAt === undefined ? undefined : future(request.expiresAt, now, 'expiresAt'),
      by: actorOf(context),
    };
    await this.statements.putPosture(agent, posture, now);
    await this.#hear();
    return { posture: statementOf(posture) };
  }

  @OnCommand(trust.postureShow)
  async postureShow(ref: ParsedRequestOf<typeof trust.postureShow>): Promise<AnswerOf<typeof trust.postureShow>> {
    const rows = await this.statements.posture(this.#known(ref));
    return { posture: rows.map((row) => statementOf(postureOf(row))) };
  }

  /** A ceiling only lowers: over one that holds only a lower one is set; to raise it, it is lifted first, with a reason. */
  @OnCommand(trust.ceiling)
  async ceiling(
    { score, reason, expiresAt, ...ref }: ParsedRequestOf<typeof trust.ceiling>,
    context: CommandContext,
  ): Promise<AnswerOf<typeof trust.ceiling>> {
    const now = this.clock.now();
    const agent = this.#known(ref);
    if (score !== null && expiresAt === undefined)
      throw new CommandRefused('REQUEST_INVALID', 'a ceiling needs the instant at which it ends', 'expiresAt');
    const until = score === null || expiresAt === undefined ? null : future(expiresAt, now, 'expiresAt');
    const ceiling = { kind: 'CEILING', score, until, reason, by: actorOf(context) } as const;
    await this.statements.restrict(agent, ceiling, now, (held) => refuseHigher(score, held, now));
    await this.#hear();
    return { score, expiresAt: until === null ? null : formatInstant(until) };
  }

  @OnCommand(trust.probationSet)
  async probation(
    { until, reason, ...ref }: ParsedRequestOf<typeof trust.probationSet>,
    context: CommandContext,
  ): Promise<AnswerOf<typeof trust.probationSet>> {
    const now = this.clock.now();
    const end = until === null ? null : future(until, now, 'until');
    const restriction = { kind: 'PROBATION', score: null, until: end, reason, by: actorOf(context) } as const;
    await this.statements.restrict(this.#known(ref), restriction, now);
    await this.#hear();
    return { until };
  }

  @OnCommand(trust.observationVoid)
  async voidObservation(
    { org, observation, reason }: ParsedRequestOf<typeof trust.observationVoid>,
    context: CommandContext,
  ): Promise<AnswerOf<typeof trust.observationVoid>> {
    const found = await this.observations.voidOne(org, observation, { reason, by: actorOf(context) });
    if (found === undefined)
      throw new CommandRefused('NOT_FOUND', `there is no observation ${observation}`, 'observation');
    await this.#hear();
    return found;
  }

  #known({ org, agent }: AgentRef): AgentRef {
    if (this.#facts.agent({ org, agent }) === undefined)
      throw new CommandRefused('NOT_FOUND', `there is no agent ${agent}`, 'agent');
    return { org, agent };
  }

  /** What was stated counts here at once; a failure to read it is made good within a second. */
  async #hear(): Promise<void> {
    await this.evidence.refresh().catch(() => undefined);
  }
}

function checkedValue({ fact, value }: PosturePut): unknown {
  const parsed = POSTURE_FACTS[fact].safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const keys = issue?.code === 'unrecognized_keys' ? issue.keys : [];
  throw new CommandRefused(
    'REQUEST_INVALID',
    `${fact}: ${issue?.message ?? 'not valid'}`,
    ['value', ...(issue?.path ?? []), ...keys].join('.'),
  );
}

function observedAt({ observedAt: at }: PosturePut, now: number): number {
  const instant = at === undefined ? now : parseInstant(at);
  if (instant > now + SKEW_MS)
    throw new CommandRefused(
      'REQUEST_INVALID',
      `${String(at)} is in the future; right would be when it was seen`,
      'observedAt',
    );
  return Math.min(instant, now);
}

function refuseHigher(score: number | null, held: RestrictionRow | undefined, now: number): void {
  if (score === null || held === undefined || held.score === null || held.until === null) return;
  if (now < held.until.getTime() && held.score < score)
    throw new CommandRefused(
      'REQUEST_INVALID',
      `a ceiling of ${held.score} holds and may only be lowered; lift it first with a score of null`,
      'score',
    );
}

function future(text: string, now: number, field: string): number {
  const instant = parseInstant(text);
  if (instant <= now)
    throw new CommandRefused(
      'REQUEST_INVALID',
      `${text} is over; right would be an instant after ${formatInstant(now)}`,
      field,
    );
  return instant;
}

const actorOf = ({ actor }: CommandContext): string => `${actor.kind}:${actor.id}`;

function statementOf({ fact, value, source, observedAt: at, expiresAt, by }: Posture): PostureStatement {
  return {
    fact,
    value: value as PostureStatement['value'],
    source,
    observedAt: formatInstant(at),
    expiresAt: expiresAt === undefined ? null : formatInstant(expiresAt),
    by,
  };
}
