import { describe, expect, it } from '@jest/globals';
import { formatDigest, merkleLeaf, utf8 } from '@countersign/primitives';
import {
  CONTROLS,
  MAX_VERDICT_LINE,
  unpackLines,
  verdictSubject,
  type Control,
  type DecidedItem,
} from '@countersign/contracts';
import { FrameReader } from '@countersign/bus';
import { signFrame } from '@countersign/identity';
import { aTaskMessage, aVerdict, FixedClock, testKeys } from '@countersign/testing';
import { ORDINARY_TERMS } from '../domain/approval-terms.js';
import { decide, recordOf } from '../domain/decide.js';
import { itemsOfDecision } from '../domain/items.js';
import type { Evaluation } from '../domain/model.js';
import { EvaluationBoard } from './evaluation-board.js';
import { TakeVerdicts } from './take-verdicts.js';

const keys = testKeys();

/** The item of a decision on verdicts that came in frames of their own. */
function decidedItem(details: Partial<Record<Control, Record<string, string>>> = {}): DecidedItem {
  const clock = new FixedClock();
  const now = clock.now();
  const task = aTaskMessage({ streamAt: now });
  const summary = { taskType: 'chat', target: task.key.agent, deadline: now + 1, instance: undefined, models: null };
  const evaluation: Evaluation = {
    ...{ key: task.key, attempt: 1, round: 1, seq: task.seq, streamAt: now, digest: task.digest, deniedAt: undefined },
    task: { ...summary, tools: null, usesModels: false },
    verdicts: new Map(),
    missing: new Map(),
  };
  const board = new EvaluationBoard();
  const taking = new TakeVerdicts(new FrameReader({ bundle: keys.bundle, onInvalid: () => undefined }), board);
  board.add({ evaluation, body: task.body, flowSequence: 0, decided: false });
  for (const control of CONTROLS) {
    const subject = verdictSubject(0, control);
    const verdict = aVerdict(task, control, { clock, details: details[control] ?? {} });
    const { body, signature } = signFrame(keys.keyOf(control), { subject, lane: 0, at: now }, [verdict]);
    const { kid, sig } = signature;
    taking.take({ subject, seq: 1, streamAt: now, data: Buffer.from(body), signature: { kid: [kid], sig: [sig] } });
  }
  const context = { before: undefined, currency: 'USD', terms: ORDINARY_TERMS };
  const record = recordOf(evaluation, decide(evaluation, undefined, 'USD'), { ...context, now });
  const [item] = itemsOfDecision(evaluation, record, 1, { nonce: () => 'AAAAAAAAAAAAAAAAAAAAAA', now });
  if (item?.type !== 'decided') throw new Error('nothing was decided');
  return item;
}

describe('the lines of a decision', () => {
  it('are those of the verdicts that counted, and each hashes to the leaf that the decision names', () => {
    const { verdicts, packedLines } = decidedItem();
    const lines = unpackLines(packedLines ?? '')?.lines;
    expect(Object.keys(lines ?? {}).sort()).toEqual([...CONTROLS].sort());
    for (const control of CONTROLS)
      expect(formatDigest(merkleLeaf(utf8(lines?.[control] ?? '')))).toBe(verdicts[control]?.leaf);
  });

  it('leave a verdict that is too long to its leaf', () => {
    const { verdicts, packedLines } = decidedItem({ policy: { note: 'x'.repeat(MAX_VERDICT_LINE) } });
    const lines = unpackLines(packedLines ?? '')?.lines;
    expect(lines?.policy).toBeUndefined();
    expect(lines?.trust).toBeDefined();
    expect(verdicts.policy).toBeDefined();
  });
});
