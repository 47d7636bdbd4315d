import { Controller } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import { COMMANDS, type AgentRecord, type AnswerOf, type ParsedRequestOf } from '@countersign/contracts';
import { CommandRefused, OnCommand } from '@countersign/bus';
import { ReadModels, TaskFacts } from '@countersign/service-host';
import { Standings } from '../../application/standings.js';
import { ALGORITHM } from '../../domain/algorithm.js';

const { trust } = COMMANDS;
type Breakdown = AnswerOf<typeof trust.show>['breakdown'];

/** Questions about trust. Scores are shown in hundredths. */
@Controller()
export class TrustCommands {
  readonly #facts: TaskFacts;

  constructor(
    models: ReadModels,
    private readonly standings: Standings,
    private readonly clock: Clock,
  ) {
    this.#facts = new TaskFacts(models);
  }

  @OnCommand(trust.show)
  async show({ org, agent }: ParsedRequestOf<typeof trust.show>): Promise<AnswerOf<typeof trust.show>> {
    const record = this.#facts.agent({ org, agent });
    if (record === undefined) throw new CommandRefused('NOT_FOUND', `there is no agent ${agent}`, 'agent');
    return { breakdown: this.#breakdown(org, record) };
  }

  @OnCommand(trust.explain)
  async explain({ task }: ParsedRequestOf<typeof trust.explain>): Promise<AnswerOf<typeof trust.explain>> {
    const record = this.#facts.agent(task);
    return record === undefined
      ? { found: false, part: {} }
      : { found: true, part: { now: this.#breakdown(task.org, record) } };
  }

  #breakdown(viewer: string, agent: AgentRecord): Breakdown {
    const now = this.clock.now();
    const { families, masses, caps, binding, raw, score, expectation } = this.standings.breakdown(viewer, agent, now);
    const { level } = this.standings.standing(viewer, agent, now);
    return {
      agent: agent.agent,
      name: agent.name,
      viewer,
      algorithm: ALGORITHM,
      score,
      level,
      raw,
      families: { ...families },
      masses: { ...masses },
      expectation,
      caps: caps.map((cap) => ({ ...cap })),
      binding: [...binding],
    };
  }
}
