import { describe, expect, it } from '@jest/globals';
import { MAX_CODES, transitionItemSchema, type CodeRef } from '@countersign/contracts';
import { aTaskMessage, aVerdict, FixedClock } from '@countersign/testing';
import { adopt } from './adopt.js';
import { ORDINARY_TERMS } from './approval-terms.js';
import { takeVerdict } from './evaluation.js';
import { itemsOfDecision } from './items.js';
import type { Evaluation } from './model.js';

const clock = new FixedClock();
const REF = { frame: `sha256:${'0'.repeat(64)}`, index: 0, leaf: `sha256:${'0'.repeat(64)}` };
const many = (code: CodeRef['code']): CodeRef[] => Array.from({ length: MAX_CODES }, (_, i) => ({ code, id: `${i}` }));

describe('the items of a denial', () => {
  it('can be read whatever number of reasons the controls gave: else neither record nor budget would hear of it', () => {
    const message = aTaskMessage({ streamAt: clock.now() });
    const { key, attempt, round, seq, streamAt, digest } = message;
    const task = { taskType: 'chat', target: '', deadline: streamAt, instance: undefined, models: null, tools: null };
    const counted = { verdicts: new Map(), missing: new Map(), deniedAt: undefined };
    const evaluation: Evaluation = {
      ...{ key, attempt, round, seq, streamAt, digest, ...counted },
      task: { ...task, usesModels: false },
    };
    for (const [control, code] of [
      ['policy', 'TOOL_NOT_ALLOWED'],
      ['guardrails', 'GUARDRAIL_BLOCKED'],
    ] as const) {
      const verdict = aVerdict(message, control, { clock, decision: 'DENY', codes: many(code) });
      takeVerdict(evaluation, control, verdict, { ref: REF, at: streamAt });
    }
    const record = adopt(evaluation, undefined, { currency: 'USD', now: clock.now(), terms: ORDINARY_TERMS });
    expect(record?.state).toBe('DENIED');
    const items =
      record === undefined
        ? []
        : itemsOfDecision(evaluation, record, 1, { nonce: () => 'AAAAAAAAAAA', now: clock.now() });
    expect(items.map(({ type }) => type)).toEqual(['decided', 'finished']);
    for (const item of items) {
      expect(transitionItemSchema.safeParse(JSON.parse(JSON.stringify(item))).success).toBe(true);
      expect('codes' in item && item.codes[0]?.code).toBe('TOOL_NOT_ALLOWED');
    }
  });
});
