import { describe, expect, it } from '@jest/globals';
import { CONTROLS, type RecordRef } from '@countersign/contracts';
import type { ReadModels } from '@countersign/service-host';
import { aTaskMessage, aVerdict, FixedClock, silentLogger } from '@countersign/testing';
import { adopt } from '../domain/adopt.js';
import { ORDINARY_TERMS, type ApprovalTerms } from '../domain/approval-terms.js';
import { takeVerdict, takeWithdrawal } from '../domain/evaluation.js';
import type { Evaluation, TaskRecord } from '../domain/model.js';
import { applyEvent } from '../domain/row-events.js';
import { NoMetrics, NoTracer } from '@countersign/telemetry';
import { Approvers } from './approval-ports.js';
import { TaskObservation } from './task-observation.js';
import { Dispatch } from './dispatch.js';
import { EvaluationBoard, type OpenEvaluation } from './evaluation-board.js';
import {
  Callers,
  LaterRounds,
  Screening,
  Targets,
  Tasks,
  Transitions,
  type Addressed,
  type Adoption,
  type Changed,
} from './ports.js';

const clock = new FixedClock();
const REF = { frame: 'sha256:0', index: 0, leaf: 'sha256:0' };

/** Rows in memory under the same rules; `whileWriting` happens between the decision and its commit. */
class Rows extends Tasks {
  row: TaskRecord | undefined;
  whileWriting: () => void = () => undefined;

  override adopt([adoption]: readonly Adoption[]): Promise<readonly Changed[]> {
    const record = adoption && adopt(adoption.evaluation, this.row, { ...adoption, now: clock.now() });
    this.whileWriting();
    this.row = record ?? this.row;
    return Promise.resolve(record === undefined ? [] : [{ record, items: [] }]);
  }
  override apply([addressed]: readonly Addressed[]): Promise<readonly Changed[]> {
    const change = addressed && this.row && applyEvent(this.row, addressed.event, clock.now());
    this.row = change?.record ?? this.row;
    return Promise.resolve(change === undefined ? [] : [{ record: change.record, items: [] }]);
  }
  override claim(): Promise<readonly Changed[]> {
    return Promise.resolve([]);
  }
  override unanswered(): Promise<readonly TaskRecord[]> {
    return Promise.resolve([]);
  }
  override noteRecorded(): Promise<void> {
    return Promise.resolve();
  }
}

class Told extends Callers {
  readonly states: string[] = [];
  override send(record: TaskRecord, _ref?: RecordRef): void {
    this.states.push(record.state);
  }
  override stop(): Promise<void> {
    return Promise.resolve();
  }
}

class Quiet extends Transitions {
  override publish(): void {
    // nobody listens here
  }
  override stop(): Promise<void> {
    return Promise.resolve();
  }
}

class Nobody extends Targets {
  override deliver(): Promise<boolean> {
    return Promise.reject(new Error('nothing may be handed over'));
  }
}

class NoRounds extends LaterRounds {
  override publish(): Promise<void> {
    return Promise.reject(new Error('no round is due'));
  }
}

class NobodyAsked extends Approvers {
  override termsFor(): ApprovalTerms {
    return ORDINARY_TERMS;
  }
  override asked(): void {
    throw new Error('nobody is asked here');
  }
}

class NoScreening extends Screening {
  override request(): Promise<void> {
    return Promise.reject(new Error('there is no result'));
  }
}

function approvedBySix(): OpenEvaluation {
  const message = aTaskMessage({ streamAt: clock.now() });
  const { key, attempt, round, seq, streamAt, digest } = message;
  const task = {
    taskType: 'chat',
    target: '',
    deadline: streamAt + 600_000,
    instance: undefined,
    models: null,
    tools: null,
    usesModels: false,
  };
  const counted = { verdicts: new Map(), missing: new Map(), deniedAt: undefined };
  const evaluation: Evaluation = { key, attempt, round, seq, streamAt, digest, task, ...counted };
  for (const control of CONTROLS)
    takeVerdict(evaluation, control, aVerdict(message, control, { clock }), { ref: REF, at: streamAt });
  return { evaluation, body: message.body, flowSequence: 0, decided: false };
}

describe('a release that is decided', () => {
  const models = {
    registry: { get: () => undefined, entries: () => [], onChange: () => undefined },
  } as unknown as ReadModels;
  const logger = silentLogger();

  const decided = async (whileWriting: (opened: OpenEvaluation) => void): Promise<{ rows: Rows; told: Told }> => {
    const [rows, told, board, opened] = [new Rows(), new Told(), new EvaluationBoard(), approvedBySix()];
    rows.whileWriting = () => whileWriting(opened);
    board.add(opened);
    const dispatch = new Dispatch(
      board,
      rows,
      new Quiet(),
      told,
      new Nobody(),
      new NoRounds(),
      new NoScreening(),
      logger,
      models,
      new NobodyAsked(),
      new TaskObservation(new NoTracer(), new NoMetrics(), clock, logger),
    );
    dispatch.decide(opened);
    // the loop takes what was pushed before it is stopped
    await new Promise(setImmediate);
    await dispatch.stop();
    return { rows, told };
  };

  it('waits for its record', async () => {
    const { rows, told } = await decided(() => undefined);
    expect(rows.row?.state).toBe('RELEASING');
    expect(told.states).toEqual([]);
  });

  it('is taken back by a withdrawal that is read while it is being written', async () => {
    const { rows, told } = await decided(({ evaluation }) => takeWithdrawal(evaluation, [{ code: 'AGENT_REVOKED' }]));
    expect(rows.row).toMatchObject({ state: 'CANCELLED', primary: 'AGENT_REVOKED', claim: 'WITHDRAWN' });
    expect(told.states).toEqual(['CANCELLED']);
  });

  it('is adopted although another one of its batch cannot be', async () => {
    const [board, poison, good] = [new EvaluationBoard(), approvedBySix(), approvedBySix()];
    const adopted: string[] = [];
    class Fragile extends Rows {
      override adopt(adoptions: readonly Adoption[]): Promise<readonly Changed[]> {
        if (adoptions.some(({ evaluation }) => evaluation.key.task === poison.evaluation.key.task))
          return Promise.reject(new Error('this one is spoilt'));
        adopted.push(...adoptions.map(({ evaluation }) => evaluation.key.task));
        return Promise.resolve([]);
      }
    }
    const ports = [new Quiet(), new Told(), new Nobody(), new NoRounds(), new NoScreening()] as const;
    const observation = new TaskObservation(new NoTracer(), new NoMetrics(), clock, logger);
    const dispatch = new Dispatch(board, new Fragile(), ...ports, logger, models, new NobodyAsked(), observation);
    for (const opened of [poison, good]) board.add(opened);
    for (const opened of [poison, good]) dispatch.decide(opened);
    await new Promise(setImmediate);
    await dispatch.stop();
    expect(adopted).toEqual([good.evaluation.key.task]);
    expect([poison.decided, board.has(poison.evaluation.key, 1, 1)]).toEqual([false, true]);
  });
});
