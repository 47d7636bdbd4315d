import { Controller } from '@nestjs/common';
import { REASON_CODES, traceIdOf, type AnswerEnvelope, type TaskKey } from '@countersign/contracts';
import { OnAgentRequest } from '@countersign/bus';
import { EvaluationBoard } from '../../application/evaluation-board.js';
import { Answers } from '../out/answers.js';
import { TaskStore } from '../out/task.store.js';

/** Tells an agent how its own task stands. */
@Controller()
export class AnswerStatus {
  constructor(
    private readonly board: EvaluationBoard,
    private readonly store: TaskStore,
    private readonly answers: Answers,
  ) {}

  @OnAgentRequest('status')
  async status({
    org,
    agent,
    id,
  }: {
    readonly org: string;
    readonly agent: string;
    readonly id: string;
  }): Promise<AnswerEnvelope> {
    const key: TaskKey = { org, agent, task: id };
    const row = await this.store.find(key).catch(() => undefined);
    if (row !== undefined) return this.answers.envelope(await this.answers.answer(row.record));
    const open = this.board.find(key);
    if (open === undefined)
      return this.answers.envelope({
        task: id,
        state: 'NOT_FOUND',
        code: 'TASK_NOT_FOUND',
        message: REASON_CODES.TASK_NOT_FOUND.message,
      });
    const { attempt, round, digest } = open.evaluation;
    return this.answers.envelope({
      task: id,
      digest,
      attempt,
      round,
      state: 'EVALUATING',
      traceId: traceIdOf(open.evaluation),
    });
  }
}
