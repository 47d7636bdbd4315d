import { describe, expect, it } from '@jest/globals';
import { CONTROLS } from '@countersign/contracts';
import { aTaskMessage, aVerdict, FixedClock } from '@countersign/testing';
import { EvaluationBoard, type OpenEvaluation } from './evaluation-board.js';

const clock = new FixedClock();
const REF = { frame: 'sha256:0', index: 0, leaf: 'sha256:0' };

function submitted() {
  const message = aTaskMessage({ streamAt: clock.now() });
  const { key, attempt, round, seq, streamAt, digest } = message;
  const task = { taskType: 'chat', target: '', deadline: streamAt, instance: undefined, models: null, tools: null };
  const counted = { verdicts: new Map(), missing: new Map(), deniedAt: undefined };
  const opened: OpenEvaluation = {
    evaluation: { key, attempt, round, seq, streamAt, digest, task: { ...task, usesModels: false }, ...counted },
    ...{ body: message.body, flowSequence: 0, decided: false },
  };
  const verdictOf = (board: EvaluationBoard): readonly boolean[] =>
    CONTROLS.map(
      (control) =>
        board.verdict({
          control,
          verdict: aVerdict(message, control, { clock }),
          received: { ref: REF, at: clock.now() },
        }) !== undefined,
    );
  return { message, opened, verdictOf };
}

describe('verdicts on a task that is not read yet', () => {
  it('count when it is read', () => {
    const board = new EvaluationBoard();
    const { opened, verdictOf } = submitted();
    verdictOf(board);
    board.add(opened);
    expect(opened.evaluation.verdicts.size).toBe(6);
    expect(board.early).toBe(0);
  });

  it('are forgotten when it never comes', () => {
    const board = new EvaluationBoard();
    submitted().verdictOf(board);
    board.sweep(clock.now() + 15_000);
    expect(board.early).toBe(1);
    board.sweep(clock.now() + 16_001);
    expect(board.early).toBe(0);
  });
});

describe('verdicts on a task that was refused at the door or is decided', () => {
  it('are not kept, whether they come before or after', () => {
    const board = new EvaluationBoard();
    const { message, verdictOf } = submitted();
    verdictOf(board);
    board.close(message);
    expect(board.early).toBe(0);
    verdictOf(board);
    expect(board.early).toBe(0);
  });

  it('of another round are', () => {
    const board = new EvaluationBoard();
    const { message, verdictOf } = submitted();
    board.close({ ...message, round: 2 });
    verdictOf(board);
    expect(board.early).toBe(1);
  });
});
