import { describe, expect, it } from '@jest/globals';
import type { TaskState } from '@countersign/contracts';
import type { CommandContext } from '@countersign/bus';
import { anId, aTaskKey } from '@countersign/testing';
import type { Dispatch } from '../../application/dispatch.js';
import { EvaluationBoard } from '../../application/evaluation-board.js';
import type { Addressed } from '../../application/ports.js';
import type { BlockStore } from '../out/block.store.js';
import type { TaskStore } from '../out/task.store.js';
import { DispatcherCommands } from './dispatcher-commands.controller.js';

const key = aTaskKey();
const OPERATOR = { actor: { kind: 'operator', id: 'local' } } as CommandContext;

/** A task whose newest attempt is as told; an attempt in SCREENING is replaced at the moment when somebody wants to cancel it. */
function commands(attempts: TaskState[], { replaced = false } = {}): DispatcherCommands {
  const rowOf = (attempt: number) => ({ record: { key, attempt, state: attempts[attempt - 1], requests: [] } });
  const store = {
    find: () => Promise.resolve(attempts.length === 0 ? undefined : rowOf(attempts.length)),
    attempts: () => Promise.resolve(attempts.map((_, i) => rowOf(i + 1))),
  };
  const dispatch = {
    apply: ([event]: readonly Addressed[]) => {
      const at = (event?.attempt ?? 0) - 1;
      if (attempts[at] === 'SCREENING' && replaced) {
        attempts[at] = 'QUARANTINED';
        attempts.push('EVALUATING');
        return Promise.resolve([]);
      }
      if (attempts[at] !== 'EVALUATING') return Promise.resolve([]);
      attempts[at] = 'CANCELLED';
      return Promise.resolve([rowOf(at + 1)]);
    },
  };
  return new DispatcherCommands(
    store as unknown as TaskStore,
    dispatch as unknown as Dispatch,
    new EvaluationBoard(),
    {} as BlockStore,
  );
}

describe('cancelling a task', () => {
  it('cancels the attempt that goes on, when the one that was meant is replaced at that moment', async () => {
    expect(await commands(['SCREENING'], { replaced: true }).cancel({ task: key }, OPERATOR)).toEqual({
      state: 'CANCELLED',
    });
  });

  it('changes nothing of one that has ended', async () => {
    expect(await commands(['COMPLETED']).cancel({ task: key }, OPERATOR)).toEqual({ state: 'COMPLETED' });
  });

  it('is refused where nothing was decided yet', async () => {
    await expect(commands([]).cancel({ task: { ...key, task: anId() } }, OPERATOR)).rejects.toMatchObject({
      code: 'TASK_NOT_FOUND',
    });
  });
});
