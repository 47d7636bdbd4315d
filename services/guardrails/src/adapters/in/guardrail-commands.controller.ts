import { Controller } from '@nestjs/common';
import { COMMANDS, type AnswerOf, type ParsedRequestOf } from '@countersign/contracts';
import { CommandRefused, OnCommand, type CommandContext } from '@countersign/bus';
import { BASELINE } from '../../domain/baseline.js';
import { RULE_PACKS } from '../../domain/packs/all-packs.js';
import { GuardrailSetPublisher } from '../out/guardrail-set.publisher.js';
import { GuardrailSetStore } from '../out/guardrail-set.store.js';

const { guardrails } = COMMANDS;

/** Commands on guardrail sets. */
@Controller()
export class GuardrailCommands {
  constructor(
    private readonly store: GuardrailSetStore,
    private readonly publisher: GuardrailSetPublisher,
  ) {}

  @OnCommand(guardrails.setPut)
  async put(
    request: ParsedRequestOf<typeof guardrails.setPut>,
    { actor }: CommandContext,
  ): Promise<AnswerOf<typeof guardrails.setPut>> {
    const unknown = request.guardrails.flatMap((g) => g.packs).find((name) => !RULE_PACKS.has(name));
    if (unknown !== undefined)
      throw new CommandRefused(
        'REQUEST_INVALID',
        `there is no rule pack ${unknown} (there are ${[...RULE_PACKS.keys()].join(', ')})`,
        'guardrails',
      );
    if (request.guardrails.some((g) => g.category !== 'SECURITY'))
      throw new CommandRefused('REQUEST_INVALID', 'quality guardrails are not built yet', 'guardrails');
    if (new Set(request.guardrails.map((g) => g.id)).size !== request.guardrails.length)
      throw new CommandRefused('REQUEST_INVALID', 'two guardrails have one id', 'guardrails');
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
      part: {
        setVersion: record?.version ?? null,
        guardrails: (record?.guardrails ?? []).map(({ id, version, stage, action, enabled }) => ({
          id,
          version,
          stage,
          action,
          enabled,
        })),
      },
    };
  }

  async #store(org: string, set: Parameters<GuardrailSetStore['put']>[1], actor: string): Promise<{ version: number }> {
    const version = await this.store.put(org, set, actor);
    await this.publisher.now().catch(() => undefined);
    return { version };
  }
}
