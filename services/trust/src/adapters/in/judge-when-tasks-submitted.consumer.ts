import { Controller } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import { denial, JudgeTasks, type Judgement, type TaskMessage } from '@countersign/bus';
import { TaskJudge } from '../../application/task-judge.js';

/** Gives trust's verdict on every task. */
@Controller()
export class JudgeWhenTasksSubmitted {
  constructor(
    private readonly judgeTask: TaskJudge,
    private readonly clock: Clock,
  ) {}

  @JudgeTasks()
  async judge(tasks: readonly TaskMessage[]): Promise<readonly Judgement[]> {
    const now = this.clock.now();
    return tasks.map(({ key, envelope }) =>
      envelope.ok
        ? this.judgeTask.judge(key, envelope.value.data.target, { now, how: 'standing' })
        : denial({ code: envelope.error.code, clause: 10, side: 'client' }),
    );
  }
}
