import { Controller } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import { denial, JudgeTasks, type Judgement, type TaskMessage } from '@countersign/bus';
import { judgeStructure } from '../../domain/judge-structure.js';
import { ReadModelView } from './registry-view.js';

/** Gives the registry's verdict on every task. */
@Controller()
export class JudgeWhenTasksSubmitted {
  constructor(
    private readonly view: ReadModelView,
    private readonly clock: Clock,
  ) {}

  @JudgeTasks()
  async judge(tasks: readonly TaskMessage[]): Promise<readonly Judgement[]> {
    const now = this.clock.now();
    return tasks.map(({ key, envelope }) => {
      if (!envelope.ok) return denial({ code: envelope.error.code, clause: 10, side: 'client' });
      const judged = judgeStructure(this.view, { client: key, target: envelope.value.data.target, now });
      if (!judged.ok) return denial(judged.code);
      const { connection, epochs, versions, details } = judged;
      return { decision: 'APPROVE', codes: [], connection, epochs, versions, details };
    });
  }
}
