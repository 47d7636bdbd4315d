import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { formatInstant, microsOfDecimal } from '@countersign/primitives';
import {
  CONTROLS,
  isReasonCode,
  type CodeRef,
  type Control,
  type Role,
  type TransitionItem,
} from '@countersign/contracts';
import type { Judgement, TaskMessage } from '@countersign/bus';
import { anId, aTaskMessage, aVerdict, ANY_GRANT, FixedClock } from '@countersign/testing';
import { parse } from 'yaml';
import { z } from 'zod';
import { adopt } from './adopt.js';
import { decideRequest, type DecisionOutcome, type SaidDecision } from './approval-decision.js';
import { itemsOfPersonDecision } from './approval-items.js';
import { ORDINARY_TERMS, type ApprovalTerms } from './approval-terms.js';
import { takeVerdict } from './evaluation.js';
import type { Evaluation, TaskRecord } from './model.js';
import { applyEvent, type RowEvent } from './row-events.js';

const by = z.union([
  z.string(),
  z
    .strictObject({ by: z.string(), unsafe: z.boolean(), bulk: z.boolean(), old: z.boolean() })
    .partial()
    .required({ by: true }),
]);
const expected = { refused: z.string().optional(), repeated: z.boolean().optional(), round: z.number().optional() };
const judgeSchema = z.strictObject({
  ask: z.array(z.string()).default([]),
  deny: z.array(z.string()).default([]),
  tools: z.array(z.string()).optional(),
  estimate: z.number().optional(),
  book: z.number().default(1),
});
const stepSchema = z.union([
  z.strictObject({ judge: judgeSchema }),
  z.strictObject({ after: z.string() }),
  z.strictObject({ approve: by, ...expected }),
  z.strictObject({ reject: by, ...expected }),
  z.strictObject({ disable: z.string() }),
  z.strictObject({ time: z.literal(true) }),
  z.strictObject({ cancel: z.literal(true) }),
  z.strictObject({ claim: z.literal(true) }),
  z.strictObject({ screen: z.strictObject({ outcome: z.literal('ESCALATE'), codes: z.array(z.string()) }) }),
  z.strictObject({
    is: z.string(),
    round: z.number().optional(),
    codes: z.array(z.string()).optional(),
    requests: z.array(z.string()).optional(),
    asked: z.number().optional(),
    required: z.number().optional(),
    severity: z.string().optional(),
    decisions: z.number().optional(),
    due: z.string().optional(),
    unsafe: z.boolean().optional(),
    frozen: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  }),
]);
type Step = z.output<typeof stepSchema>;
const CASES = z
  .array(
    z.strictObject({
      name: z.string(),
      estimate: z.number().default(75),
      threshold: z.number().optional(),
      takes: z.union([z.literal(1), z.literal(2)]).default(1),
      authors: z.enum(['known', 'unknown']).default('known'),
      deadline: z.string().default('15m'),
      steps: z.array(stepSchema),
    }),
  )
  .parse(parse(readFileSync(join(import.meta.dirname, '..', '..', 'cases', 'approvals.yaml'), 'utf8')));
type Case = (typeof CASES)[number];

const REF = { frame: 'sha256:0', index: 0, leaf: 'sha256:0' };
const RESULT = `sha256:${'7'.repeat(64)}`;
const UNITS = { h: 3_600_000, m: 60_000, s: 1_000 } as const;
const HOUR = UNITS.h;

function ms(text: string): number {
  return text.split(' ').reduce((sum, part) => {
    const unit = z.enum(['h', 'm', 's']).parse(part.at(-1));
    return sum + Number(part.slice(0, -1)) * UNITS[unit];
  }, 0);
}

const micros = (amount: number): string => microsOfDecimal(String(amount)).toString();

/** `control CODE [id] [@target]`. */
function codeOf(words: readonly string[]): CodeRef {
  const [code = '', ...more] = words;
  if (!isReasonCode(code)) throw new Error(`${code} is no reason code`);
  const id = more.find((word) => word !== '@target');
  return { code, ...(id === undefined ? {} : { id }), side: more.includes('@target') ? 'target' : 'client' };
}

/** One task in the hands of the pure rules and of the people of two organisations. */
class Trial {
  readonly clock = new FixedClock();
  readonly #first: TaskMessage;
  readonly #began = this.clock.now();
  readonly #target = { id: anId(), org: anId(), agent: anId() };
  readonly #disabled = new Set<string>();
  readonly #roles: Readonly<Record<string, readonly Role[]>> = {
    olga: ['OWNER'],
    victor: ['VIEWER', 'OPERATOR', 'AUDITOR'],
  };
  row: TaskRecord | undefined;
  items: TransitionItem[] = [];

  constructor(private readonly of: Case) {
    this.#first = aTaskMessage({ streamAt: this.clock.now() });
  }

  run(step: Step): void {
    if ('judge' in step) return this.#judge(step.judge);
    if ('after' in step) return this.clock.advance(ms(step.after));
    if ('approve' in step) return this.#decide('APPROVE', step.approve, step);
    if ('reject' in step) return this.#decide('REJECT', step.reject, step);
    if ('disable' in step) return void this.#disabled.add(step.disable);
    if ('time' in step) return this.#event({ type: 'timer' });
    if ('cancel' in step) return this.#event({ type: 'cancel', actor: 'x', code: 'CANCELLED_BY_USER' });
    if ('claim' in step) return this.#claim();
    if ('screen' in step) return this.#screen(step.screen.codes);
    return this.#check(step);
  }

  get #row(): TaskRecord {
    if (this.row === undefined) throw new Error('the task was not judged yet');
    return this.row;
  }

  get #terms(): ApprovalTerms {
    return { ...ORDINARY_TERMS, required: this.of.takes, stands: (person) => !this.#disabled.has(person) };
  }

  #judge(said: z.output<typeof judgeSchema>): void {
    const evaluation = this.#open();
    const task = { ...this.#first, round: evaluation.round, streamAt: evaluation.streamAt };
    for (const control of CONTROLS) {
      const verdict = aVerdict(task, control, { clock: this.clock, ...this.#says(control, said) });
      takeVerdict(evaluation, control, verdict, { ref: REF, at: this.clock.now() });
    }
    const context = { currency: 'USD', now: this.clock.now(), terms: this.#terms };
    const row = adopt(evaluation, this.row, context);
    if (row === undefined) throw new Error('the decision came too late');
    this.row = row;
  }

  #says(control: Control, said: z.output<typeof judgeSchema>): Partial<Judgement> {
    const own = (texts: readonly string[]): readonly CodeRef[] =>
      texts.flatMap((text) => {
        const [service, ...words] = text.split(' ');
        return service === control ? [codeOf(words)] : [];
      });
    const [asked, denied] = [own(said.ask), own(said.deny)];
    const money = { estimateMicros: micros(said.estimate ?? this.of.estimate), priceBookVersion: said.book };
    return {
      ...(denied.length > 0 ? { decision: 'DENY' as const, codes: denied } : {}),
      ...(denied.length === 0 && asked.length > 0 ? { decision: 'ESCALATE' as const, codes: asked } : {}),
      ...(control === 'registry' ? { connection: this.#target } : {}),
      ...(control === 'budget' ? money : {}),
      ...(control === 'policy'
        ? { ...money, grant: { ...ANY_GRANT, tools: said.tools ?? null }, approval: this.#approvalFacts() }
        : {}),
    };
  }

  #approvalFacts(): Judgement['approval'] {
    if (this.of.authors === 'unknown') return undefined;
    const at = (hours: number): string => formatInstant(this.#began - hours * HOUR);
    return {
      ...(this.of.threshold === undefined ? {} : { thresholdMicros: micros(this.of.threshold) }),
      authors: [
        { level: 'connection', by: 'user:wanda', at: at(2) },
        { level: 'clientOrg', by: 'user:vera', at: at(25) },
      ],
    };
  }

  #open(): Evaluation {
    const { key, attempt, seq, digest } = this.#first;
    const deadline = this.#began + ms(this.of.deadline);
    const shape = { taskType: 'chat', target: '', instance: undefined, models: null, tools: null, usesModels: false };
    const counted = { verdicts: new Map(), missing: new Map(), deniedAt: undefined };
    const round = this.row?.round ?? 1;
    return { key, attempt, round, seq, streamAt: this.clock.now(), digest, task: { ...shape, deadline }, ...counted };
  }

  #decide(
    decision: 'APPROVE' | 'REJECT',
    who: z.output<typeof by>,
    then: z.output<z.ZodObject<typeof expected>>,
  ): void {
    const { by: name, unsafe = false, bulk = false, old = false } = typeof who === 'string' ? { by: who } : who;
    const row = this.#row;
    const said: SaidDecision = {
      person: {
        org: ['tom', 'tina'].includes(name) ? this.#target.org : row.key.org,
        operator: name,
        roles: this.#roles[name] ?? ['APPROVER'],
        status: name === 'dora' || this.#disabled.has(name) ? 'DISABLED' : 'ACTIVE',
      },
      decision,
      unsafe,
      bulk,
      round: then.round ?? row.round,
      actionDigest: old ? 'sha256:old' : (row.actionDigest ?? ''),
    };
    const facts = { now: this.clock.now(), approvals: [], registrars: ['user:rita', 'operator:local'] };
    const outcome = decideRequest(row, said, { ...facts, stands: this.#terms.stands });
    expect(told(outcome)).toBe(then.refused ?? (then.repeated === true ? 'repeated' : 'counted'));
    if (outcome.kind !== 'counted') return;
    this.items = [...itemsOfPersonDecision(row, said, outcome, { nonce: () => 'AAAAAAAAAAA', now: facts.now })];
    this.row = outcome.record;
  }

  #event(event: RowEvent): void {
    this.row = applyEvent(this.#row, event, this.clock.now())?.record ?? this.row;
  }

  #claim(): void {
    const { round: recordedRound } = this.#row;
    this.#event({ type: 'claim', facts: { grantId: 'g', recordedRound, blocked: undefined, epochsMoved: false } });
  }

  #screen(codes: readonly string[]): void {
    const result = { seq: 1, digest: RESULT, usage: [], tools: [], chargedMicros: undefined };
    this.#event({ type: 'result', failed: false, ...result });
    const found = codes.map((text) => codeOf(text.split(' ')));
    const screened = {
      digest: RESULT,
      outcome: 'ESCALATE',
      codes: found,
      chargedMicros: '5',
      triggered: true,
    } as const;
    this.#event({ type: 'screened', ...screened });
    expect(this.#row.action?.payloadDigest).toBe(RESULT);
  }

  #check(step: Extract<Step, { is: string }>): void {
    const row = this.#row;
    const requests = row.requests ?? [];
    const last = requests.at(-1);
    const found = {
      is: row.state,
      round: row.round,
      codes: row.codes.map(({ code }) => code),
      requests: requests.map(({ org, status }) => `${org === row.key.org ? 'client' : 'target'} ${status}`),
      asked: last?.reasons.length,
      required: last?.required,
      severity: last?.severity,
      decisions: requests.reduce((sum, { decisions }) => sum + decisions.length, 0),
      due: row.task.deadline - this.clock.now(),
      unsafe: this.items.some((item) => item.type === 'approval' && item.unsafe === true),
      frozen: row.facts,
    };
    const { due, ...rest } = step;
    expect(found).toMatchObject({ ...rest, ...(due === undefined ? {} : { due: ms(due) }) });
  }
}

function told(outcome: DecisionOutcome): string {
  return outcome.kind === 'refused' ? outcome.code : outcome.kind;
}

describe('approvals', () => {
  it.each(CASES.map((of) => [of.name, of] as const))('%s', (_name, of) => {
    const trial = new Trial(of);
    for (const step of of.steps) trial.run(step);
  });
});

describe('every decision of a person', () => {
  const decided = (steps: readonly Step[]): readonly TransitionItem[] => {
    const [some] = CASES;
    if (some === undefined) throw new Error('there are no cases');
    const trial = new Trial({ ...some, takes: 2 });
    for (const step of steps) trial.run(step);
    return trial.items;
  };
  const hold: Step = { judge: { ask: ['policy APPROVAL_TASK_TYPE'], deny: [], book: 1 } };

  it('is an item of its own that counts within the round, and what it leads to follows it', () => {
    const [first, ...none] = decided([hold, { approve: 'ann' }]);
    expect([first, none]).toEqual([expect.objectContaining({ type: 'approval', number: 1, by: 'user:ann' }), []]);
    expect(decided([hold, { approve: 'ann' }, { approve: 'bob' }])).toEqual([
      expect.objectContaining({ type: 'approval', number: 2, round: 1, decision: 'APPROVE', stage: 'PRE_RELEASE' }),
      expect.objectContaining({ type: 'moved', to: 'EVALUATING', round: 2, cause: 'approved' }),
    ]);
  });

  it('that ends the task gives its money back', () => {
    expect(decided([hold, { reject: 'bob' }])).toEqual([
      expect.objectContaining({ type: 'approval', decision: 'REJECT' }),
      expect.objectContaining({ type: 'finished', state: 'DENIED', code: 'APPROVAL_REJECTED', claimed: false }),
    ]);
  });
});
