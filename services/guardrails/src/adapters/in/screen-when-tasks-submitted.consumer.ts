import { Controller } from '@nestjs/common';
import { JudgeTasks, type Judgement, type TaskMessage } from '@countersign/bus';
import { Metrics } from '@countersign/telemetry';
import { RecentTasks } from '../../application/recent-tasks.js';
import { ScreenTasks } from '../../application/screen-tasks.js';
import { TransformedBodies } from '../out/transformed-bodies.js';
import { countTriggered } from './triggered.js';

/** Gives guardrails' verdict on every task. A transformed body is stored before the verdict that names it. */
@Controller()
export class ScreenWhenTasksSubmitted {
  constructor(
    private readonly screenTasks: ScreenTasks,
    private readonly recent: RecentTasks,
    private readonly bodies: TransformedBodies,
    private readonly metrics: Metrics,
  ) {}

  @JudgeTasks()
  async judge(tasks: readonly TaskMessage[]): Promise<readonly Judgement[]> {
    const screened = await this.screenTasks.judge(tasks);
    this.recent.remember(tasks.filter((_, i) => screened[i]?.judgement.decision !== 'DENY'));
    for (const { judgement } of screened) countTriggered(this.metrics, 'input', judgement.guardrails ?? []);
    return Promise.all(
      screened.map(async ({ judgement, transformed }, i) => {
        const task = tasks[i];
        if (transformed === undefined || task === undefined) return judgement;
        const { key, attempt, round } = task;
        await this.bodies.put({ key, attempt, round, side: 'in' }, transformed);
        return judgement;
      }),
    );
  }
}
