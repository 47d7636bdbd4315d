import { Controller } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import { COMMANDS, type AnswerOf, type ParsedRequestOf } from '@countersign/contracts';
import { answerDryRun, denial, JudgeTasks, OnCommand, type Judgement, type TaskMessage } from '@countersign/bus';
import { ReadModels } from '@countersign/service-host';
import { Logger } from '@countersign/telemetry';
import { judgeStructure } from '../../domain/judge-structure.js';
import { ReadModelView } from './registry-view.js';

const { registry } = COMMANDS;

/** Gives the registry's verdict on every task. */
@Controller()
export class JudgeWhenTasksSubmitted {
  constructor(
    private readonly view: ReadModelView,
    private readonly clock: Clock,
    private readonly models: ReadModels,
    private readonly logger: Logger,
  ) {}

  @JudgeTasks()
  async judge(tasks: readonly TaskMessage[]): Promise<readonly Judgement[]> {
    const now = this.clock.now();
    return tasks.map((task) => this.#judge(task, now));
  }

  @OnCommand(registry.dryRun)
  async dryRun(request: ParsedRequestOf<typeof registry.dryRun>): Promise<AnswerOf<typeof registry.dryRun>> {
    const now = this.clock.now();
    const onError = (error: unknown): void => this.logger.error('a dry run failed', { error });
    return answerDryRun(
      { control: 'registry', judge: (task) => this.#judge(task, now), models: [this.models.registry], now, onError },
      request,
    );
  }

  #judge({ key, envelope }: TaskMessage, now: number): Judgement {
    if (!envelope.ok) return denial({ code: envelope.error.code, clause: 10, side: 'client' });
    const judged = judgeStructure(this.view, { client: key, target: envelope.value.data.target, now });
    if (!judged.ok) return denial(judged.code);
    const { connection, epochs, versions, details } = judged;
    return { decision: 'APPROVE', codes: [], connection, epochs, versions, details };
  }
}
