import { describe, expect, it } from '@jest/globals';
import { CONTROLS, type CheckReply, type CodeRef, type Control, type DryRunAnswer } from '@countersign/contracts';
import { dryRunAnswerOf, type Judgement } from '@countersign/bus';
import { anApproval, anId, aTaskMessage, TEST_NOW_MS } from '@countersign/testing';
import { decide } from './decide.js';
import { checkReplyOf, evaluationOfAnswers } from './dry-run.js';

const TARGET_ORG = anId();

const replyTo = (
  said: Partial<Record<Control, Partial<Judgement> | 'nothing'>> = {},
  { sameOrg = false } = {},
): CheckReply => {
  const { key, digest } = aTaskMessage({ streamAt: TEST_NOW_MS });
  const task = {
    taskType: 'x',
    target: 'b',
    deadline: TEST_NOW_MS + 1,
    instance: undefined,
    models: null,
    tools: null,
    usesModels: false,
  };
  const connection = { id: anId(), org: sameOrg ? key.org : TARGET_ORG, agent: anId() };
  const answers = new Map<Control, DryRunAnswer>();
  for (const control of CONTROLS) {
    const own = said[control] ?? {};
    const denies = own !== 'nothing' && own.decision === 'DENY';
    // a denial of the registry names no connection
    const registry: Judgement = denies ? { decision: 'DENY', codes: [] } : { ...anApproval('registry'), connection };
    const base = control === 'registry' ? registry : anApproval(control);
    if (own !== 'nothing') answers.set(control, dryRunAnswerOf({ ...base, ...own }));
  }
  const evaluation = evaluationOfAnswers({ key, digest, task, now: TEST_NOW_MS }, answers);
  return checkReplyOf(evaluation, decide(evaluation, undefined, 'USD'));
};
const deny = (...codes: CodeRef[]): Partial<Judgement> => ({ decision: 'DENY', codes });

describe('a dry run', () => {
  it('releases when all six would approve, though audit names no entry', () => {
    expect(replyTo()).toEqual({ decision: 'RELEASE', codes: [], estimateMicros: '0' });
  });

  it.each(CONTROLS)('is denied when %s does not answer', (control) => {
    expect(replyTo({ [control]: 'nothing' })).toMatchObject({ decision: 'DENY', code: 'CONTROL_ERROR' });
  });

  it('says what would ask a person', () => {
    const code = { code: 'APPROVAL_COST_ABOVE_THRESHOLD', side: 'client' } as const;
    expect(replyTo({ policy: { decision: 'ESCALATE', codes: [code] } })).toMatchObject({
      decision: 'HOLD',
      code: 'APPROVAL_PENDING',
      codes: [code],
    });
  });

  it('is denied when policy and budget would go on differing about money', () => {
    expect(replyTo({ budget: { estimateMicros: '7' } })).toMatchObject({ decision: 'DENY', code: 'CONTROL_ERROR' });
  });

  it('shows every reason of the own side and when to try again', () => {
    const reply = replyTo({
      policy: {
        ...deny({ code: 'OUTSIDE_TIME_WINDOW', clause: 130, side: 'client' }),
        nextOpenAt: '2026-12-01T08:00:00.000Z',
      },
      budget: deny({ code: 'BUDGET_AGENT_EXHAUSTED', side: 'client' }),
    });
    expect(reply).toMatchObject({
      decision: 'DENY',
      code: 'OUTSIDE_TIME_WINDOW',
      codes: [{ code: 'OUTSIDE_TIME_WINDOW', clause: 130 }, { code: 'BUDGET_AGENT_EXHAUSTED' }],
      nextOpenAt: '2026-12-01T08:00:00.000Z',
    });
  });

  it('says of the counterpart only that it denies, and not when it would no more', () => {
    const policy = { ...deny({ code: 'RATE_LIMITED', clause: 230, side: 'target' }), retryAfterMs: 5_000 };
    expect(replyTo({ policy })).toEqual({
      decision: 'DENY',
      code: 'DENIED_BY_COUNTERPARTY',
      message: expect.any(String),
      codes: [],
      estimateMicros: '0',
    });
  });

  it('hides nothing between agents of one organisation', () => {
    const policy = { ...deny({ code: 'RATE_LIMITED', clause: 230, side: 'target' }), retryAfterMs: 5_000 };
    expect(replyTo({ policy }, { sameOrg: true })).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 5_000 });
  });

  it('shows a denial of the registry alone: an outsider learns nothing of the other controls', () => {
    const reply = replyTo({
      registry: deny({ code: 'CONNECTION_NOT_FOUND', clause: 60, side: 'client' }),
      policy: deny({ code: 'TASK_TYPE_NOT_ALLOWED', clause: 140, side: 'client' }),
    });
    expect(reply.codes).toEqual([{ code: 'CONNECTION_NOT_FOUND', clause: 60, side: 'client' }]);
    expect(reply).not.toHaveProperty('estimateMicros');
  });

  it('does not tell which guardrail objects', () => {
    const { codes } = replyTo({ guardrails: deny({ code: 'GUARDRAIL_BLOCKED', id: 'prompt-injection/3', clause: 1 }) });
    expect(codes).toEqual([{ code: 'GUARDRAIL_BLOCKED' }]);
  });
});
