import { beforeEach, describe, expect, it } from '@jest/globals';
import { type Clock } from '@countersign/primitives';
import { CONTROLS, TIMERS, verdictSubject, type Control, type VerdictItem } from '@countersign/contracts';
import { FrameReader, judgeBatch, type FrameWriter, type InvalidFrame, type TaskMessage } from '@countersign/bus';
import { signFrame } from '@countersign/identity';
import { aTaskMessage, aVerdict, FixedClock, SeededRandom, testKeys } from '@countersign/testing';
import { decide } from '../domain/decide.js';
import type { Evaluation } from '../domain/model.js';
import { EvaluationBoard, type OpenEvaluation } from './evaluation-board.js';
import { TakeVerdicts } from './take-verdicts.js';

const keys = testKeys();
const strangers = testKeys();

/** One task on a board, with frames signed as the controls sign them. */
class Trial {
  readonly clock = new FixedClock();
  readonly task: TaskMessage = aTaskMessage({ streamAt: this.clock.now() });
  readonly invalid: InvalidFrame[] = [];
  readonly board = new EvaluationBoard();
  readonly #taking = new TakeVerdicts(
    new FrameReader({ bundle: keys.bundle, onInvalid: (frame) => this.invalid.push(frame) }),
    this.board,
  );
  readonly opened: OpenEvaluation = {
    evaluation: evaluationOf(this.task),
    body: this.task.body,
    flowSequence: 0,
    decided: false,
  };
  #seq = 0;

  constructor() {
    this.board.add(this.opened);
  }

  /** A frame of a control with these verdicts; whose keys sign it and how its bytes are spoilt is the trial's. */
  frame(
    control: Control,
    items: readonly object[],
    {
      signers = keys,
      at = this.clock.now(),
      spoil = (body: Buffer) => body,
    }: { signers?: typeof keys; at?: number; spoil?: (body: Buffer) => Buffer } = {},
  ): void {
    const subject = verdictSubject(0, control);
    const { body, signature } = signFrame(signers.keyOf(control), { subject, lane: 0, at }, items);
    this.#seq += 1;
    const { kid, sig } = signature;
    this.#taking.take({
      subject,
      seq: this.#seq,
      streamAt: at,
      data: spoil(Buffer.from(body)),
      signature: { kid: [kid], sig: [sig] },
    });
  }

  approve(control: Control): void {
    this.frame(control, [aVerdict(this.task, control, { clock: this.clock })]);
  }

  /** Decides as the dispatcher does when the time is over. */
  decision(): ReturnType<typeof decide> {
    this.clock.advance(TIMERS.verdict + 1);
    const { sure, late } = this.board.ready(this.clock.now());
    expect([...sure, ...late]).toEqual([this.opened]);
    return decide(this.opened.evaluation, undefined, 'USD');
  }
}

function evaluationOf(task: TaskMessage): Evaluation {
  const { key, attempt, round, seq, streamAt, digest } = task;
  const summary = {
    taskType: 'chat',
    target: '',
    deadline: streamAt + 60_000,
    instance: undefined,
    models: null,
    tools: null,
    usesModels: false,
  };
  return {
    key,
    attempt,
    round,
    seq,
    streamAt,
    digest,
    task: summary,
    verdicts: new Map(),
    missing: new Map(),
    deniedAt: undefined,
  };
}

/** What a control that throws publishes: the product's own judging says so in a verdict. */
async function verdictOfThrowing(control: Control, trial: Trial): Promise<readonly VerdictItem[]> {
  const written: VerdictItem[] = [];
  const frameWriter = { write: async (_kind: string, items: readonly VerdictItem[]) => void written.push(...items) };
  const parts = {
    control,
    judge: () => Promise.reject(new Error('a defect')),
    frameWriter: frameWriter as unknown as FrameWriter,
    clock: trial.clock as Clock,
    random: new SeededRandom('matrix'),
    models: [],
    judgesLate: control === 'audit',
    judgesInvalid: control === 'audit',
    onError: () => undefined,
  };
  await judgeBatch(parts, [trial.task]);
  return written;
}

type Failing = (control: Control, trial: Trial) => void | Promise<void>;

/** Six ways in which a control fails while the five others approve, and the code and cause that the record names. */
const FAILURES: Readonly<Record<string, { readonly how: Failing; readonly code: string; readonly cause?: string }>> = {
  'is silent': { how: () => undefined, code: 'VERDICT_TIMEOUT', cause: 'missing' },
  'is slow': {
    how: (control, trial) =>
      trial.frame(control, [aVerdict(trial.task, control, { clock: trial.clock })], {
        at: trial.task.streamAt + TIMERS.verdict + 1,
      }),
    code: 'VERDICT_TIMEOUT',
    cause: 'stale',
  },
  throws: {
    how: async (control, trial) => trial.frame(control, await verdictOfThrowing(control, trial)),
    code: 'CONTROL_ERROR',
  },
  'sends garbage': {
    how: (control, trial) =>
      trial.frame(control, [aVerdict(trial.task, control, { clock: trial.clock })], {
        spoil: (body) => body.subarray(0, body.length / 2),
      }),
    code: 'VERDICT_TIMEOUT',
    cause: 'signature',
  },
  'is stale': {
    how: (control, trial) =>
      trial.frame(control, [
        { ...aVerdict(trial.task, control, { clock: trial.clock }), round: trial.task.round + 1 },
        { ...aVerdict(trial.task, control, { clock: trial.clock }), validUntil: '2020-01-01T00:00:00.000Z' },
      ]),
    code: 'VERDICT_TIMEOUT',
    cause: 'stale',
  },
  'signs with a wrong key': {
    how: (control, trial) =>
      trial.frame(control, [aVerdict(trial.task, control, { clock: trial.clock })], { signers: strangers }),
    code: 'VERDICT_TIMEOUT',
    cause: 'signature',
  },
};

const CELLS = CONTROLS.flatMap((control) => Object.keys(FAILURES).map((failure) => [control, failure] as const));

describe('the fail-closed matrix', () => {
  let trial: Trial;
  beforeEach(() => {
    trial = new Trial();
  });

  it('has 36 cells', () => {
    expect(CELLS).toHaveLength(36);
  });

  it('releases when six controls approve', () => {
    for (const control of CONTROLS) trial.approve(control);
    expect(decide(trial.opened.evaluation, undefined, 'USD').kind).toBe('release');
  });

  it.each(CELLS)('nothing is released when %s %s', async (control, failure) => {
    for (const other of CONTROLS) if (other !== control) trial.approve(other);
    const expected = FAILURES[failure];
    await expected?.how(control, trial);
    const decision = trial.decision();
    expect(decision).toMatchObject({ kind: 'deny', primary: expected?.code });
    if (expected?.cause !== undefined)
      expect(decision).toMatchObject({ missing: { service: control, cause: expected.cause } });
  });

  it.each(CONTROLS)('a verdict that %s signs on the subject of another counts for neither', (control) => {
    for (const other of CONTROLS) if (other !== control) trial.approve(other);
    const neighbour = CONTROLS[(CONTROLS.indexOf(control) + 1) % CONTROLS.length] ?? control;
    const mixed = { ...keys, keyOf: () => keys.keyOf(neighbour) };
    trial.frame(control, [aVerdict(trial.task, control, { clock: trial.clock })], { signers: mixed });
    expect(trial.decision()).toMatchObject({ kind: 'deny', primary: 'VERDICT_TIMEOUT' });
    expect(trial.invalid).toHaveLength(1);
  });
});

/** What a control of the next release may send that this dispatcher has never heard of. */
const FROM_NEXT_RELEASE: Readonly<Record<string, (approval: VerdictItem) => readonly object[]>> = {
  'a decision that is none of three': (approval) => [{ ...approval, decision: 'APPROVE_WITH_CONDITIONS' }],
  'a reason that is not in the catalogue': (approval) => [{ ...approval, codes: [{ code: 'NOT_INVENTED_YET' }] }],
  'a field that has to be understood': (approval) => [{ ...approval, crit: ['onlyIn'], onlyIn: ['eu'] }],
  'another type of item': (approval) => [{ ...approval, type: 'approval-of-all' }],
};

describe('a control that is a release ahead', () => {
  let trial: Trial;
  beforeEach(() => {
    trial = new Trial();
    for (const control of CONTROLS) if (control !== 'policy') trial.approve(control);
  });
  const approval = (): VerdictItem => aVerdict(trial.task, 'policy', { clock: trial.clock });

  it.each(Object.keys(FROM_NEXT_RELEASE))('approves nothing with %s', (what) => {
    trial.frame('policy', FROM_NEXT_RELEASE[what]?.(approval()) ?? []);
    expect(trial.decision()).toMatchObject({
      kind: 'deny',
      primary: 'VERDICT_TIMEOUT',
      missing: { service: 'policy' },
    });
  });

  it('approves with a field more, which says nothing here, and beside an item that says nothing here', () => {
    trial.frame('policy', [
      { type: 'hint', nonce: 'AAAAAAAAAAA', task: approval().task },
      { ...approval(), hint: 'a field more' },
    ]);
    expect(decide(trial.opened.evaluation, undefined, 'USD').kind).toBe('release');
    expect(trial.invalid.map(({ failure }) => failure)).toEqual(['newer-type']);
  });
});
