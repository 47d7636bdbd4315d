import { Controller } from '@nestjs/common';
import { Clock, formatInstant } from '@countersign/primitives';
import { COMMANDS, type AgentRecord, type AgentRef, type AnswerOf, type ParsedRequestOf } from '@countersign/contracts';
import { CommandRefused, denial, OnCommand, parseSubmission, type Judgement } from '@countersign/bus';
import { ReadModels, TaskFacts } from '@countersign/service-host';
import { Dossier } from '../../application/dossier.js';
import { TaskJudge } from '../../application/task-judge.js';
import { ObservationStore } from '../out/observation.store.js';
import { StandingStore } from '../out/standing.store.js';

const { trust } = COMMANDS;
type DryRun = AnswerOf<typeof trust.dryRun>;
const HISTORY = 20;

/** Questions about trust. Nothing that is asked here moves a level. Scores are hundredths. */
@Controller()
export class TrustCommands {
  readonly #facts: TaskFacts;

  constructor(
    private readonly models: ReadModels,
    private readonly dossier: Dossier,
    private readonly taskJudge: TaskJudge,
    private readonly observations: ObservationStore,
    private readonly standings: StandingStore,
    private readonly clock: Clock,
  ) {
    this.#facts = new TaskFacts(models);
  }

  @OnCommand(trust.show)
  async show({ org, agent }: ParsedRequestOf<typeof trust.show>): Promise<AnswerOf<typeof trust.show>> {
    const record = this.#facts.agent({ org, agent });
    if (record === undefined) throw new CommandRefused('NOT_FOUND', `there is no agent ${agent}`, 'agent');
    const [breakdown, history] = await Promise.all([
      this.#breakdown(org, record),
      this.standings.history(org, agent, HISTORY),
    ]);
    return {
      breakdown,
      history: history.map(({ at, score, raw, level, families, binding, trigger }) => ({
        at: formatInstant(at),
        score,
        raw,
        level,
        families: { ...families },
        binding: [...binding],
        trigger,
      })),
    };
  }

  @OnCommand(trust.explain)
  async explain({ task }: ParsedRequestOf<typeof trust.explain>): Promise<AnswerOf<typeof trust.explain>> {
    const record = this.#facts.agent(task);
    if (record === undefined) return { found: false, part: {} };
    const { score, level, binding, raw, at, whatWouldHelp } = await this.#breakdown(task.org, record);
    return { found: true, part: { now: { at, score, level, raw, binding, whatWouldHelp } } };
  }

  @OnCommand(trust.dryRun)
  async dryRun({ task, envelope }: ParsedRequestOf<typeof trust.dryRun>): Promise<DryRun> {
    const { details = {}, versions = {}, decision, codes, score } = this.#dryJudgement(task, envelope);
    return { decision, codes: [...codes], details, versions, ...(score === undefined ? {} : { score }) };
  }

  #dryJudgement(task: ParsedRequestOf<typeof trust.dryRun>['task'], envelope: string): Judgement {
    const now = this.clock.now();
    const stale = this.models.all().find((model) => !model.fresh());
    if (stale !== undefined)
      return denial({ code: 'CONTROL_ERROR' }, { service: 'trust', cause: 'stale', model: stale.name });
    const parsed = parseSubmission(task, Buffer.from(envelope, 'base64'), now);
    if (!parsed.ok) return denial({ code: parsed.error.code, clause: 10 }, { field: parsed.error.field ?? '' });
    return this.taskJudge.judge(task, parsed.value.data.target, { now, how: 'look' });
  }

  async #breakdown(viewer: string, agent: AgentRecord) {
    const ref: AgentRef = { org: agent.org, agent: agent.agent };
    return this.dossier.of(viewer, agent, await this.observations.violations(ref), this.clock.now());
  }
}
