import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { GUARDRAIL_ACTIONS } from '@countersign/contracts';
import fc from 'fast-check';
import { parse } from 'yaml';
import { combine } from './combine.js';
import { strength, type RunOfGuardrail, type StageFacts } from './effective-action.js';

interface RunCase {
  readonly category?: 'SECURITY' | 'QUALITY';
  readonly action: string;
  readonly outcome?: string;
  readonly shadow?: boolean;
  readonly failureMode?: 'CLOSED' | 'OPEN';
  readonly reviewBy?: string;
  readonly onExhausted?: 'BLOCK' | 'ESCALATE';
  readonly atMost?: 'WARN' | 'ESCALATE';
  readonly unreadable?: boolean;
}
interface Case {
  readonly name: string;
  readonly facts?: Partial<StageFacts>;
  readonly runs: readonly RunCase[];
  readonly action: string;
  readonly codes?: readonly string[];
  readonly warnings?: readonly string[];
  readonly transforms?: number;
}

const CASES = parse(
  readFileSync(join(import.meta.dirname, '..', '..', '..', 'cases', 'combine.yaml'), 'utf8'),
) as readonly Case[];

const FACTS: StageFacts = {
  stage: 'INPUT',
  now: Date.parse('2026-11-22T00:00:00.000Z'),
  idempotent: false,
  retriesUsed: 0,
};

function runOf(given: RunCase): RunOfGuardrail {
  const { category = 'SECURITY', action, outcome = 'TRIGGERED', shadow = false, failureMode = 'CLOSED' } = given;
  const review = { justification: 'nothing depends on it', approvedBy: 'olga' };
  return {
    outcome,
    guardrail: {
      category,
      action,
      shadow,
      failureMode,
      openReview: given.reviewBy === undefined ? undefined : { ...review, reviewBy: given.reviewBy },
      retry:
        action === 'RETRY' ? { strategy: 'format_hint', max: 1, onExhausted: given.onExhausted ?? 'BLOCK' } : undefined,
    },
    ...(given.atMost === undefined ? {} : { atMost: given.atMost }),
    ...(given.unreadable === undefined ? {} : { unreadable: given.unreadable }),
  };
}

describe('guardrails of a stage together', () => {
  it.each(CASES.map((c) => [c.name, c] as const))('%s', (_name, given) => {
    const combined = combine(given.runs.map(runOf), { ...FACTS, ...given.facts });
    expect({
      action: combined.action,
      codes: combined.reasons.map(({ code }) => code),
      warnings: combined.warnings,
      transforms: combined.transforms.length,
    }).toEqual({
      action: given.action,
      codes: given.codes ?? [],
      warnings: given.warnings ?? [],
      transforms: given.transforms ?? 0,
    });
  });

  const anyRun = fc.record({
    category: fc.constantFrom('SECURITY' as const, 'QUALITY' as const),
    action: fc.constantFrom(...GUARDRAIL_ACTIONS, 'ELSE'),
    outcome: fc.constantFrom('TRIGGERED', 'NOT_TRIGGERED', 'ERROR', 'TIMEOUT', 'SKIPPED', 'ELSE'),
    shadow: fc.boolean(),
    failureMode: fc.constantFrom('CLOSED' as const, 'OPEN' as const),
  });

  it('never get weaker by one more', () => {
    fc.assert(
      fc.property(fc.array(anyRun, { minLength: 1, maxLength: 6 }), anyRun, (runs, more) => {
        // the first guardrail that is not on trial ends the emptiness, which is the only thing that one more may mend
        fc.pre(runs.some((run) => !run.shadow));
        const before = combine(runs.map(runOf), FACTS).action;
        const after = combine([...runs, more].map(runOf), FACTS).action;
        expect(strength(after)).toBeGreaterThanOrEqual(strength(before));
      }),
    );
  });

  it('block whenever one for security fails or is unknown', () => {
    fc.assert(
      fc.property(fc.array(anyRun, { maxLength: 6 }), fc.constantFrom('ERROR', 'TIMEOUT', 'ELSE'), (runs, outcome) => {
        const failing = { action: 'WARN', outcome, failureMode: 'OPEN' as const };
        expect(combine([...runs, failing].map(runOf), FACTS).action).toBe('BLOCK');
      }),
    );
  });

  it('do not depend on their order', () => {
    fc.assert(
      fc.property(fc.array(anyRun, { maxLength: 6 }), (runs) => {
        // REDACT and REPLACE are equal
        const weight = strength(combine(runs.map(runOf), FACTS).action);
        expect(strength(combine([...runs].reverse().map(runOf), FACTS).action)).toBe(weight);
      }),
    );
  });
});
