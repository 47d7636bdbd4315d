import { Controller } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import { COMMANDS, type AnswerOf, type Guardrail, type ParsedRequestOf } from '@countersign/contracts';
import { CommandRefused, OnCommand, type CommandContext } from '@countersign/bus';
import { ReadModels } from '@countersign/service-host';
import { BASELINE } from '../../domain/baseline.js';
import { problemOfSet } from '../../domain/set-problem.js';
import { GuardrailSetPublisher } from '../out/guardrail-set.publisher.js';
import { GuardrailSetStore } from '../out/guardrail-set.store.js';

const { guardrails } = COMMANDS;

/** Commands on guardrail sets. */
@Controller()
export class GuardrailCommands {
  constructor(
    private readonly store: GuardrailSetStore,
    private readonly publisher: GuardrailSetPublisher,
    private readonly models: ReadModels,
    private readonly clock: Clock,
  ) {}

  @OnCommand(guardrails.setPut)
  async put(
    request: ParsedRequestOf<typeof guardrails.setPut>,
    { actor }: CommandContext,
  ): Promise<AnswerOf<typeof guardrails.setPut>> {
    const problem = problemOfSet(request.guardrails, { now: this.clock.now(), owners: this.#owners(request.org) });
    if (problem !== undefined) throw new CommandRefused(problem.code, problem.message, problem.field);
    return this.#store(request.org, request.guardrails, `${actor.kind}:${actor.id}`);
  }

  @OnCommand(guardrails.setBaseline)
  async baseline(
    { org }: ParsedRequestOf<typeof guardrails.setBaseline>,
    { actor }: CommandContext,
  ): Promise<AnswerOf<typeof guardrails.setBaseline>> {
    return this.#store(org, BASELINE, `${actor.kind}:${actor.id}`);
  }

  @OnCommand(guardrails.setShow)
  async show({ org }: ParsedRequestOf<typeof guardrails.setShow>): Promise<AnswerOf<typeof guardrails.setShow>> {
    const record = await this.store.show(org);
    return { version: record?.version ?? null, guardrails: record?.guardrails ?? [] };
  }

  @OnCommand(guardrails.explain)
  async explain({ task }: ParsedRequestOf<typeof guardrails.explain>): Promise<AnswerOf<typeof guardrails.explain>> {
    const record = await this.store.show(task.org);
    return {
      found: record !== undefined,
      part: { setVersion: record?.version ?? null, guardrails: (record?.guardrails ?? []).map(summaryOf) },
    };
  }

  /** Owners as a review may name them: by id and by name. */
  #owners(org: string): readonly string[] {
    return [...this.models.registry.entries()].flatMap(([, record]) =>
      record.kind === 'operator' && record.org === org && record.status === 'ACTIVE' && record.roles.includes('OWNER')
        ? [record.operator, record.name]
        : [],
    );
  }

  async #store(org: string, set: readonly Guardrail[], actor: string): Promise<{ version: number }> {
    const version = await this.store.put(org, set, actor);
    await this.publisher.now().catch(() => undefined);
    return { version };
  }
}

function summaryOf({
  id,
  version,
  stage,
  action,
  enabled,
  shadow,
}: Guardrail): Record<string, string | number | boolean> {
  return { id, version, stage, action, enabled, ...(shadow ? { shadow } : {}) };
}
