import type { Control, DryRunAnswer, TaskKey } from '@countersign/contracts';
import { DependencyUnavailable } from './errors.js';
import type { Freshness } from './freshness.js';
import { denial, type Judgement } from './judgement.js';
import { taskMessageOf, type TaskMessage } from './task-message.js';

/** What a control judges a dry run with. The judge must have no effect: no token, no hold, no entry, no observation. */
export interface DryRunParts {
  readonly control: Control;
  readonly judge: (task: TaskMessage) => Judgement | Promise<Judgement>;
  /** Read models that must be fresh to judge. */
  readonly models: readonly Freshness[];
  /** Now in ms. */
  readonly now: number;
  readonly onError: (error: unknown) => void;
}

/** Answers the command `dry-run` with what a submission of these bytes would be told: what is no envelope and a stale read model deny before the judge is asked, as they do for a task. */
export async function answerDryRun(
  parts: DryRunParts,
  { task: key, envelope }: { readonly task: TaskKey; readonly envelope: string },
): Promise<DryRunAnswer> {
  const task = taskMessageOf(key, Buffer.from(envelope, 'base64'), parts.now);
  return dryRunAnswerOf(prejudged(parts, task) ?? (await judged(parts, task)));
}

/** A judgement as the answer to a dry run. */
export function dryRunAnswerOf({ codes, details, versions, ...own }: Judgement): DryRunAnswer {
  const { validUntil: _validUntil, record: _record, ...rest } = own;
  return { codes: [...codes], details: details ?? {}, versions: versions ?? {}, ...rest };
}

function prejudged({ control, models }: DryRunParts, task: TaskMessage): Judgement | undefined {
  if (!task.envelope.ok)
    return denial(
      { code: task.envelope.error.code, clause: 10, side: 'client' },
      { field: task.envelope.error.field ?? '' },
    );
  const stale = models.find((model) => !model.fresh());
  return stale && denial({ code: 'CONTROL_ERROR' }, { service: control, cause: 'stale', model: stale.name });
}

async function judged({ control, judge, onError }: DryRunParts, task: TaskMessage): Promise<Judgement> {
  try {
    return await judge(task);
  } catch (error) {
    // the asker is told that nobody answered, and denies
    if (error instanceof DependencyUnavailable) throw error;
    onError(error);
    return denial({ code: 'CONTROL_ERROR' }, { service: control, cause: 'error' });
  }
}
