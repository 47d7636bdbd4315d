import { Controller } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import { TIMERS, type TaskData } from '@countersign/contracts';
import { JudgeTasks, type Judgement, type TaskMessage } from '@countersign/bus';
import { Chains, type Position } from '../../application/ports.js';
import { submissionDraft, type SubmissionFacts } from '../../domain/entry-header.js';
import type { EntryDraft } from '../../domain/entry-draft.js';

/** Records every submission, invalid and late ones too, and approves those that stand in the chain in time. */
@Controller()
export class RecordWhenTasksSubmitted {
  constructor(
    private readonly chains: Chains,
    private readonly clock: Clock,
  ) {}

  @JudgeTasks()
  async judge(tasks: readonly TaskMessage[]): Promise<readonly (Judgement | null)[]> {
    const positions = await this.chains.append(tasks.map((task) => this.#draft(task)));
    const now = this.clock.now();
    return tasks.map((task, i) => (now - task.streamAt > TIMERS.verdict ? null : verdict(task, positions[i])));
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
