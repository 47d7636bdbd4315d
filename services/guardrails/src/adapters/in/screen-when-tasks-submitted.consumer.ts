import { Controller } from '@nestjs/common';
import { denial, JudgeTasks, type Judgement, type TaskMessage } from '@countersign/bus';
import { ReadModels, TaskFacts } from '@countersign/service-host';
import { GuardrailsInForce } from '../../application/guardrails-in-force.js';
import { screenParts } from '../../domain/screen.js';

/** Gives guardrails' verdict on every task. */
@Controller()
export class ScreenWhenTasksSubmitted {
  readonly #facts: TaskFacts;

  constructor(
    models: ReadModels,
    private readonly inForce: GuardrailsInForce,
  ) {
    this.#facts = new TaskFacts(models);
  }

  @JudgeTasks()
  async judge(tasks: readonly TaskMessage[]): Promise<readonly Judgement[]> {
    return tasks.map((task) => this.#judgeOne(task));
  }

  #judgeOne({ key, envelope }: TaskMessage): Judgement {
    if (!envelope.ok) return denial({ code: envelope.error.code, clause: 10, side: 'client' });
    const { data } = envelope.value;
    const target = this.#facts.parties(key, data.target)?.target.org ?? key.org;
    const { guardrails, versions } = this.inForce.between(key.org, target);
    const started = performance.now();
    const screening = screenParts(data.parts, guardrails, 'INPUT', () => performance.now() - started);
    return {
      decision: screening.blocked ? 'DENY' : 'APPROVE',
      codes: screening.codes,
      versions: { ...versions, ...screening.versions },
      guardrails: screening.guardrails,
    };
  }
}
