import { Controller } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import {
  COMMANDS,
  ingestSubject,
  taskDigest,
  type AnswerOf,
  type ParsedRequestOf,
  type TaskKey,
} from '@countersign/contracts';
import { denial, OnCommand, parseSubmission, type Judgement, type TaskMessage } from '@countersign/bus';
import { ReadModels, TaskFacts } from '@countersign/service-host';
import { DecidePolicies } from '../../application/decide-policies.js';
import { askAbout, judgementOf } from './policy-questions.js';

const { policy } = COMMANDS;
type Answer = AnswerOf<typeof policy.dryRun>;

/** Says what the verdict on a submission would be now, and takes nothing. */
@Controller()
export class PolicyDryRuns {
  readonly #facts: TaskFacts;

  constructor(
    private readonly models: ReadModels,
    private readonly clock: Clock,
    private readonly policies: DecidePolicies,
  ) {
    this.#facts = new TaskFacts(models);
  }

  @OnCommand(policy.dryRun)
  async dryRun({ task, envelope }: ParsedRequestOf<typeof policy.dryRun>): Promise<Answer> {
    const stale = this.models.all().find((model) => !model.fresh());
    if (stale !== undefined)
      return answerOf(denial({ code: 'CONTROL_ERROR' }, { service: 'policy', cause: 'stale', model: stale.name }));
    const now = this.clock.now();
    const about = askAbout(this.#facts, firstEvaluation(task, Buffer.from(envelope, 'base64'), now), now);
    if ('judgement' in about) return answerOf(about.judgement);
    const [decision] = await this.policies.wouldDecide([about.asked.question]);
    if (decision === undefined)
      return answerOf(denial({ code: 'POLICY_EVALUATION_ERROR', clause: 90, side: 'client' }));
    return answerOf(judgementOf(decision, about.asked));
  }
}

/** The message that these bytes would be in the log if they were submitted now. */
function firstEvaluation(key: TaskKey, body: Buffer, now: number): TaskMessage {
  return {
    key,
    attempt: 1,
    round: 1,
    seq: 0,
    streamAt: now,
    subject: ingestSubject(key),
    body,
    digest: taskDigest(key, body),
    envelope: parseSubmission(key, body, now),
  };
}

function answerOf({ codes, details, versions, validUntil: _, ...judgement }: Judgement): Answer {
  return { ...judgement, codes: [...codes], details: details ?? {}, versions: versions ?? {} };
}
