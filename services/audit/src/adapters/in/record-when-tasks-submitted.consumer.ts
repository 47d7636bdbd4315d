import { Controller } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import { COMMANDS, TIMERS, type AnswerOf, type ParsedRequestOf, type TaskData } from '@countersign/contracts';
import { answerDryRun, JudgeTasks, OnCommand, type Judgement, type TaskMessage } from '@countersign/bus';
import { Logger, Metrics } from '@countersign/telemetry';
import { Chains, type Position } from '../../application/ports.js';
import { SUBMITTED, submissionDraft, type SubmissionFacts } from '../../domain/entry-header.js';
import type { EntryDraft } from '../../domain/entry-draft.js';

const { audit } = COMMANDS;

/** Records every submission, invalid and late ones too, and approves those that stand in the chain in time. */
@Controller()
export class RecordWhenTasksSubmitted {
  constructor(
    private readonly chains: Chains,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {}

  @JudgeTasks()
  async judge(tasks: readonly TaskMessage[]): Promise<readonly (Judgement | null)[]> {
    const positions = await this.chains.append(tasks.map((task) => this.#draft(task)));
    this.metrics.add('countersign_audit_entries_total', { kind: SUBMITTED }, tasks.length);
    const now = this.clock.now();
    return tasks.map((task, i) => (now - task.streamAt > TIMERS.verdict ? null : verdict(task, positions[i])));
  }

  /** Approves while the organisation's chain can be read; nothing is recorded, so the answer names no entry. */
  @OnCommand(audit.dryRun)
  async dryRun(request: ParsedRequestOf<typeof audit.dryRun>): Promise<AnswerOf<typeof audit.dryRun>> {
    const judge = async ({ key }: TaskMessage): Promise<Judgement> => {
      await this.chains.head(key.org);
      return { decision: 'APPROVE', codes: [] };
    };
    const onError = (error: unknown): void => this.logger.error('a dry run failed', { error });
    return answerDryRun({ control: 'audit', judge, models: [], now: this.clock.now(), onError }, request);
  }

  #draft({ key, attempt, round, streamAt: at, digest, body, envelope }: TaskMessage): EntryDraft {
    return submissionDraft({
      ...{ key, attempt, round, at, digest, body },
      valid: envelope.ok,
      ...(envelope.ok ? namedBy(envelope.value.data) : {}),
    });
  }
}

/** What a valid envelope names of its task. */
function namedBy({ taskType, target, parent }: TaskData): Pick<SubmissionFacts, 'taskType' | 'target' | 'parent'> {
  return { taskType, target, ...(parent === undefined ? {} : { parent: parent.task }) };
}

function verdict(task: TaskMessage, record: Position | undefined): Judgement {
  if (record === undefined) return { decision: 'DENY', codes: [{ code: 'AUDIT_UNAVAILABLE' }] };
  if (!task.envelope.ok) return { decision: 'DENY', codes: [{ code: task.envelope.error.code, clause: 10 }], record };
  return { decision: 'APPROVE', codes: [], record };
}
