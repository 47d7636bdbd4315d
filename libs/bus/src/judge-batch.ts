import { type Clock, type Random } from '@countersign/primitives';
import { TIMERS, type Control } from '@countersign/contracts';
import { DependencyUnavailable } from './errors.js';
import type { FrameWriter } from './frame-writer.js';
import type { Freshness } from './freshness.js';
import type { JudgeObserver } from './judge-observer.js';
import { denial, verdictOf, type Judgement } from './judgement.js';
import type { TaskMessage } from './task-message.js';

/** A control's own judgement of a batch, aligned by index; null gives no verdict. */
export type Judge = (tasks: readonly TaskMessage[]) => Promise<readonly (Judgement | null)[]>;

/** What judging a batch needs. `models` must all be fresh, or everything is denied; audit judges late and invalid tasks too. */
export interface JudgeParts {
  readonly control: Control;
  readonly judge: Judge;
  readonly frameWriter: FrameWriter;
  readonly clock: Clock;
  readonly random: Random;
  readonly models: readonly Freshness[];
  readonly judgesLate: boolean;
  readonly judgesInvalid: boolean;
  readonly onError: (error: unknown, task?: TaskMessage) => void;
  readonly observer?: JudgeObserver | undefined;
}

/** What becomes of a message: done, or given back because a dependency is down. */
export type Settlement = 'ack' | 'nak';

/** Judges a batch and publishes its verdicts in one signed frame a lane; answers what becomes of each message after the frames are stored. */
export async function judgeBatch(parts: JudgeParts, tasks: readonly TaskMessage[]): Promise<readonly Settlement[]> {
  const { control, clock, observer } = parts;
  const startedAt = clock.now();
  const judgements = await judgeAll(parts, tasks);
  const judged = tasks.flatMap((task, i) => {
    const judgement = judgements[i];
    if (judgement === undefined || judgement === null || judgement === 'nak') return [];
    return [{ task, verdict: verdictOf(task, judgement, parts, observer?.spanOf(task)) }];
  });
  if (judged.length > 0) {
    await parts.frameWriter.write(
      'vd',
      judged.map(({ verdict }) => verdict),
    );
    observer?.onBatch({ control, size: tasks.length, startedAt, endedAt: clock.now(), judged });
  }
  return judgements.map((j) => (j === 'nak' ? 'nak' : 'ack'));
}

type Judged = Judgement | null | 'nak';

async function judgeAll(parts: JudgeParts, tasks: readonly TaskMessage[]): Promise<readonly Judged[]> {
  const now = parts.clock.now();
  const stale = parts.models.find((model) => !model.fresh());
  const ready = tasks.map((task) => prejudge(parts, task, { now, stale }));
  const open = tasks.filter((_, i) => ready[i] === undefined);
  const found = open.length === 0 ? [] : await judgeOpen(parts, open);
  let next = 0;
  return ready.map((known) => {
    if (known !== undefined) return known;
    const judged = found[next];
    next += 1;
    // a judge that answers fewer than it was asked has failed on the rest
    return judged === undefined ? controlError(parts.control, 'error') : judged;
  });
}

/** What needs no judge: nothing for a task that comes too late to count, a denial for what is no envelope or while a read model is stale. */
function prejudge(
  parts: JudgeParts,
  task: TaskMessage,
  { now, stale }: { readonly now: number; readonly stale: Freshness | undefined },
): Judgement | null | undefined {
  if (!parts.judgesLate && now - task.streamAt > TIMERS.verdict) return null;
  if (!task.envelope.ok && !parts.judgesInvalid)
    return denial({ code: task.envelope.error.code, clause: 10 }, { field: task.envelope.error.field ?? '' });
  return stale === undefined ? undefined : controlError(parts.control, 'stale', stale.name);
}

function controlError(control: Control, cause: string, model?: string): Judgement {
  return denial({ code: 'CONTROL_ERROR' }, { service: control, cause, ...(model === undefined ? {} : { model }) });
}

/** A batch that fails is taken again task by task, so that one bad task never delays its neighbours. */
async function judgeOpen(parts: JudgeParts, tasks: readonly TaskMessage[]): Promise<readonly Judged[]> {
  try {
    return await parts.judge(tasks);
  } catch (error) {
    if (error instanceof DependencyUnavailable || tasks.length === 1)
      return tasks.map((task) => failed(parts, task, error));
    parts.onError(error);
    const out: Judged[] = [];
    for (const task of tasks) out.push(...(await judgeOpen(parts, [task])));
    return out;
  }
}

function failed(parts: JudgeParts, task: TaskMessage, error: unknown): Judged {
  parts.onError(error, task);
  return error instanceof DependencyUnavailable ? 'nak' : controlError(parts.control, 'error');
}
