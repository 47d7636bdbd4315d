import { Controller } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import { checkRequestSchema, uuidSchema, type CheckReply, type ReasonCode } from '@countersign/contracts';
import { OnAgentRequest, taskMessageOf, type AgentRequest, type TaskMessage } from '@countersign/bus';
import { ReadModels, TaskFacts } from '@countersign/service-host';
import { summaryOf } from '../../application/task-summary.js';
import { coded } from '../../domain/caller-reasons.js';
import { decide, type Decision } from '../../domain/decide.js';
import { checkReplyOf, evaluationOfAnswers } from '../../domain/dry-run.js';
import { IntakeQuota } from '../../domain/intake-quota.js';
import type { Evaluation } from '../../domain/model.js';
import { DryRuns } from '../out/dry-runs.js';
import { Intake } from './intake.js';

/** Tells an agent what a submission of its bytes would come to now: the same controls, the same rules, and nothing happens. */
@Controller()
export class AnswerCheck {
  readonly #facts: TaskFacts;
  readonly #quota: IntakeQuota;

  constructor(
    private readonly dryRuns: DryRuns,
    private readonly intake: Intake,
    private readonly clock: Clock,
    models: ReadModels,
  ) {
    this.#facts = new TaskFacts(models);
    // a check costs as much work as a submission, so it is bound in the same way
    this.#quota = new IntakeQuota(intake.limit);
  }

  @OnAgentRequest('check')
  async check({ org, agent, id, body }: AgentRequest): Promise<CheckReply> {
    const now = this.clock.now();
    const limited = this.#limitedUntil({ org, agent }, now);
    if (limited !== undefined) return { ...refused('INTAKE_LIMITED'), retryAfterMs: limited - now };
    const request = checkRequestSchema.safeParse(body);
    if (!request.success) {
      const [issue] = request.error.issues;
      return refused('REQUEST_INVALID', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a check'}`);
    }
    if (!uuidSchema.safeParse(id).success) return refused('ENVELOPE_INVALID', 'id: must be a UUIDv7');
    const message = taskMessageOf({ org, agent, task: id }, Buffer.from(request.data.envelope, 'base64'), now);
    if (message.envelope.ok) return this.#judge(message, request.data.envelope);
    const { code, field, message: why } = message.envelope.error;
    return refused(code, field === undefined ? why : `${field}: ${why}`);
  }

  async #judge(message: TaskMessage, envelope: string): Promise<CheckReply> {
    const first = await this.#decide(message, envelope);
    // a new price book was read by one control and not yet by the other
    const { evaluation, decision } = first.decision.kind === 'again' ? await this.#decide(message, envelope) : first;
    return checkReplyOf(evaluation, decision);
  }

  async #decide(
    message: TaskMessage,
    envelope: string,
  ): Promise<{ readonly evaluation: Evaluation; readonly decision: Decision }> {
    const { key, digest, streamAt: now } = message;
    const answers = await this.dryRuns.ask(key, envelope);
    const evaluation = evaluationOfAnswers({ key, digest, task: summaryOf(message, this.#facts), now }, answers);
    return { evaluation, decision: decide(evaluation, undefined, this.#facts.org(key.org)?.currency ?? 'USD') };
  }

  #limitedUntil(agent: { readonly org: string; readonly agent: string }, now: number): number | undefined {
    this.#quota.sweep(now);
    const intake = this.#quota.take(`${agent.org}/${agent.agent}`, now);
    return intake.kind === 'limited' ? intake.until : this.intake.limitedUntil(agent, now);
  }
}

function refused(code: ReasonCode, message?: string): CheckReply {
  return { decision: 'DENY', ...coded(code), ...(message === undefined ? {} : { message }), codes: [{ code }] };
}
