import { describe, expect, it } from '@jest/globals';
import { CONTROLS, type CodeRef, type Control, type ReasonCode, type VerdictItem } from '@countersign/contracts';
import type { Judgement } from '@countersign/bus';
import { aTaskMessage, aVerdict, FixedClock } from '@countersign/testing';
import { adopt } from './adopt.js';
import { ORDINARY_TERMS } from './approval-terms.js';
import { decide } from './decide.js';
import { takeVerdict, takeWithdrawal } from './evaluation.js';
import type { Evaluation, TaskRecord } from './model.js';

const clock = new FixedClock();
const task = aTaskMessage({ streamAt: clock.now() });
const REF = { frame: 'sha256:0', index: 0, leaf: 'sha256:0' };
const SAYS = ['approve', 'deny', 'ask', 'nothing'] as const;
type Says = (typeof SAYS)[number];
type Said = Readonly<Record<Control, Says>>;

const CODE: Readonly<Record<Control, ReasonCode>> = {
  registry: 'AGENT_REVOKED',
  policy: 'TASK_TYPE_NOT_ALLOWED',
  guardrails: 'GUARDRAIL_BLOCKED',
  trust: 'TRUST_BELOW_ORG_FLOOR',
  budget: 'BUDGET_AGENT_EXHAUSTED',
  audit: 'AUDIT_UNAVAILABLE',
};

function partsOf(control: Control, says: Says): Partial<Judgement> {
  if (says === 'approve') return {};
  return { decision: says === 'deny' ? 'DENY' : 'ESCALATE', codes: [{ code: CODE[control], id: 'one' }] };
}

// one verdict of each kind a control and round, made once
const verdicts = new Map<string, VerdictItem>();
function verdictOf(control: Control, says: Says, round: number): VerdictItem {
  const key = `${control} ${says} ${round}`;
  const made = verdicts.get(key) ?? aVerdict({ ...task, round }, control, { clock, ...partsOf(control, says) });
  verdicts.set(key, made);
  return made;
}

function evaluationOf(said: Said, round = 1): Evaluation {
  const { key, attempt, seq, streamAt, digest } = task;
  const summary = {
    taskType: 'chat',
    target: '',
    deadline: streamAt + 600_000,
    instance: undefined,
    models: null,
    tools: null,
    usesModels: false,
  };
  const evaluation: Evaluation = {
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
  for (const control of CONTROLS)
    if (said[control] !== 'nothing')
      takeVerdict(evaluation, control, verdictOf(control, said[control], round), { ref: REF, at: streamAt });
  return evaluation;
}

const all = (says: Says): Said => Object.fromEntries(CONTROLS.map((control) => [control, says])) as Said;

/** All 4,096 ways in which six controls can approve, deny, ask a person, or say nothing. */
const EVERYTHING: readonly Said[] = Array.from(
  { length: SAYS.length ** CONTROLS.length },
  (_, n) =>
    Object.fromEntries(
      CONTROLS.map((control, place) => [control, SAYS[Math.floor(n / SAYS.length ** place) % SAYS.length]]),
    ) as Said,
);

/** What has to come of it: the rule said once more, in other words. */
function expected(said: Said): string {
  const denying = CONTROLS.find((control) => said[control] === 'deny');
  if (denying !== undefined) return `deny ${CODE[denying]}`;
  const silent = CONTROLS.find((control) => said[control] === 'nothing');
  if (silent !== undefined) return `deny VERDICT_TIMEOUT ${silent}`;
  return CONTROLS.some((control) => said[control] === 'ask') ? 'hold' : 'release';
}

type Decide = (evaluation: Evaluation) => ReturnType<typeof decide>;
const real: Decide = (evaluation) => decide(evaluation, undefined, 'USD');

function outcome(said: Said, by: Decide): string {
  const decision = by(evaluationOf(said));
  if (decision.kind !== 'deny') return decision.kind;
  const { primary, missing } = decision;
  return ['deny', primary, missing?.service].filter((word) => word !== undefined).join(' ');
}

/** The ways of which something else comes than has to. */
function wrong(by: Decide): readonly Said[] {
  return EVERYTHING.filter((said) => outcome(said, by) !== expected(said));
}

describe('whatever six controls say, in all 4,096 ways', () => {
  it('only six approvals release, only demands for a person hold, and everything else denies with the first code', () => {
    expect(EVERYTHING).toHaveLength(4_096);
    expect(wrong(real)).toEqual([]);
    expect(EVERYTHING.filter((said) => outcome(said, real) === 'release')).toEqual([all('approve')]);
  });

  it('six approvals or demands release when people have met every demand, and only then', () => {
    for (const said of EVERYTHING.filter((way) => expected(way) === 'hold')) {
      const held = adopt(evaluationOf(said), undefined, {
        currency: 'USD',
        now: clock.now(),
        terms: ORDINARY_TERMS,
      }) as TaskRecord;
      const met = held.requests?.flatMap(({ reasons }) => reasons) ?? [];
      const second = evaluationOf(said, 2);
      expect(decide(second, { ...held, covered: met }, 'USD').kind).toBe('release');
      expect(decide(second, { ...held, covered: met.slice(1) }, 'USD').kind).toBe('hold');
    }
  });

  it('a withdrawal denies, whatever was said before it and whatever comes after it', () => {
    for (const said of EVERYTHING) {
      const before = evaluationOf(said);
      takeWithdrawal(before, [{ code: 'KILL_SWITCH_ACTIVE' }]);
      expect(real(before).kind).toBe('deny');
      const after = evaluationOf(all('nothing'));
      takeWithdrawal(after, [{ code: 'KILL_SWITCH_ACTIVE' }]);
      for (const [control, counted] of evaluationOf(said).verdicts)
        takeVerdict(after, control, counted.verdict, counted);
      expect(real(after)).toMatchObject({ kind: 'deny', primary: 'KILL_SWITCH_ACTIVE' });
    }
  });
});

describe('a wrong decision is found out:', () => {
  const lies: Readonly<Record<string, Decide>> = {
    'five approvals are enough': (evaluation) => {
      const [silent, ...more] = CONTROLS.filter((control) => !evaluation.verdicts.has(control));
      return real(
        silent === undefined || more.length > 0
          ? evaluation
          : filled(evaluation, silent, verdictOf(silent, 'approve', 1)),
      );
    },
    'a denial of audit is passed over': (evaluation) =>
      evaluation.verdicts.get('audit')?.verdict.decision === 'DENY'
        ? real(filled(evaluation, 'audit', verdictOf('audit', 'approve', 1)))
        : real(evaluation),
    'a demand for a person counts as an approval': (evaluation) => {
      const decision = real(evaluation);
      return decision.kind === 'hold' ? { ...decision, kind: 'release' } : decision;
    },
    'the last denial is named instead of the first': (evaluation) => {
      const decision = real(evaluation);
      return decision.kind === 'deny'
        ? { ...decision, primary: last(decision.codes)?.code ?? decision.primary }
        : decision;
    },
  };

  it.each(Object.keys(lies))('%s', (lie) => {
    expect(wrong(lies[lie] as Decide)).not.toEqual([]);
  });
});

function filled(evaluation: Evaluation, control: Control, verdict: VerdictItem): Evaluation {
  const counted = { control, verdict, ref: REF, at: evaluation.streamAt };
  return { ...evaluation, verdicts: new Map([...evaluation.verdicts, [control, counted]]) };
}

function last(codes: readonly CodeRef[]): CodeRef | undefined {
  return codes[codes.length - 1];
}
