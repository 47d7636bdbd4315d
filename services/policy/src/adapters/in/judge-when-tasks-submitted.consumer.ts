import { Controller } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import { denial, JudgeTasks, type Judgement, type TaskMessage } from '@countersign/bus';
import { ReadModels, TaskFacts } from '@countersign/service-host';
import { DecidePolicies } from '../../application/decide-policies.js';
import { askAbout, judgementOf } from './policy-questions.js';

/** Gives policy's verdict on every task. */
@Controller()
export class JudgeWhenTasksSubmitted {
  readonly #facts: TaskFacts;

  constructor(
    models: ReadModels,
    private readonly clock: Clock,
    private readonly policies: DecidePolicies,
  ) {
    this.#facts = new TaskFacts(models);
  }

  @JudgeTasks()
  async judge(tasks: readonly TaskMessage[]): Promise<readonly Judgement[]> {
    const now = this.clock.now();
    const about = tasks.map((task) => askAbout(this.#facts, task, now));
    const asked = about.flatMap((one) => ('asked' in one ? [one.asked] : []));
    const decisions = await this.policies.decide(asked.map(({ question }) => question));
    let next = 0;
    return about.map((one) => {
      if ('judgement' in one) return one.judgement;
      const decision = decisions[next];
      next += 1;
      // never met: decisions are aligned with what was asked
      if (decision === undefined) return denial({ code: 'POLICY_EVALUATION_ERROR', clause: 90, side: 'client' });
      return judgementOf(decision, one.asked);
    });
  }
}
