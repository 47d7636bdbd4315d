import { describe, expect, it } from '@jest/globals';
import { CONTROLS, MAX_ROUNDS, TASK_STATES, TIMERS, type Control, type ReasonCode } from '@countersign/contracts';
import { aTaskMessage, aVerdict, ANY_GRANT, FixedClock } from '@countersign/testing';
import type { Judgement, TaskMessage } from '@countersign/bus';
import { adopt } from './adopt.js';
import { decideRequest, type DecisionOutcome } from './approval-decision.js';
import { ORDINARY_TERMS } from './approval-terms.js';
import { takeVerdict, type Counting } from './evaluation.js';
import type { Evaluation, TaskRecord } from './model.js';
import { applyEvent, type RowEvent } from './row-events.js';

const REF = { frame: 'sha256:0', index: 0, leaf: 'sha256:0' };
const RESULT = {
  type: 'result',
  failed: false,
  seq: 1,
  digest: 'sha256:r',
  usage: [],
  tools: [],
  chargedMicros: undefined,
} as const;
const ASKS = (code: ReasonCode, id = 'one'): Partial<Judgement> => ({ decision: 'ESCALATE', codes: [{ code, id }] });

/** One task on its way, in the hands of the pure rules alone. */
class Saga {
  readonly clock = new FixedClock();
  readonly #first: TaskMessage = aTaskMessage({ streamAt: this.clock.now() });
  #evaluation = this.#open(1);
  row: TaskRecord | undefined;

  #open(round: number): Evaluation {
    const { key, seq, digest } = this.#first;
    const attempt = this.row?.attempt ?? 1;
    const now = this.clock.now();
    const task = {
      taskType: 'chat',
      target: '',
      deadline: now + 600_000,
      instance: undefined,
      models: null,
      tools: null,
      usesModels: false,
      idempotent: true,
    };
    return {
      key,
      attempt,
      round,
      seq,
      streamAt: now,
      digest,
      task,
      verdicts: new Map(),
      missing: new Map(),
      deniedAt: undefined,
    };
  }

  get state(): string {
    return [this.row?.state, this.row?.primary].filter(Boolean).join(' ');
  }

  /** A verdict of this round, or of another. */
  verdict(control: Control, parts: Partial<Judgement> = {}, round = this.#evaluation.round): Counting {
    const { streamAt, seq } = this.#evaluation;
    const task = { ...this.#first, attempt: this.#evaluation.attempt, round, streamAt, seq };
    const at = this.clock.now();
    return takeVerdict(this.#evaluation, control, aVerdict(task, control, { clock: this.clock, ...parts }), {
      ref: REF,
      at,
    });
  }

  /** All six verdicts, approving but for those named. */
  verdicts(other: Partial<Record<Control, Partial<Judgement> | null>> = {}): this {
    for (const control of CONTROLS) if (other[control] !== null) this.verdict(control, other[control] ?? {});
    return this;
  }

  /** Adopts the decision of this round; false when another stands. */
  decide(): boolean {
    const row = adopt(this.#evaluation, this.row, {
      currency: 'USD',
      now: this.clock.now(),
      terms: ORDINARY_TERMS,
    });
    if (row === undefined) return false;
    this.row = row;
    return true;
  }

  event(event: RowEvent): boolean {
    const changed = this.row && applyEvent(this.row, event, this.clock.now());
    if (changed === undefined) return false;
    this.row = changed.next ?? changed.record;
    return true;
  }

  /** Opens the round that the row waits for. */
  nextRound(): this {
    this.#evaluation = this.#open(this.row?.round ?? 1);
    return this;
  }

  approve(): boolean {
    return this.decided('APPROVE').kind === 'counted';
  }

  /** What one approver says of what is shown to them. */
  decided(decision: 'APPROVE' | 'REJECT', shown: { round?: number; actionDigest?: string } = {}): DecisionOutcome {
    if (this.row === undefined) throw new Error('there is no row');
    const { key, round, actionDigest = '' } = this.row;
    const person = { org: key.org, operator: 'ann', roles: ['APPROVER'], status: 'ACTIVE' } as const;
    const said = { person, decision, unsafe: false, bulk: false, round, actionDigest, ...shown };
    const facts = { now: this.clock.now(), approvals: [], registrars: ['operator:local'], stands: () => true };
    const outcome = decideRequest(this.row, said, facts);
    if (outcome.kind === 'counted') this.row = outcome.record;
    return outcome;
  }

  claim(facts: { blocked?: ReasonCode; epochsMoved?: boolean; recordedRound?: number } = {}): boolean {
    return this.event({
      type: 'claim',
      facts: {
        grantId: 'g',
        recordedRound: facts.recordedRound ?? this.row?.round ?? 0,
        blocked: facts.blocked,
        epochsMoved: facts.epochsMoved ?? false,
      },
    });
  }
}

const released = (): Saga => {
  const saga = new Saga().verdicts();
  saga.decide();
  return saga;
};
const dispatched = (): Saga => {
  const saga = released();
  saga.claim();
  return saga;
};
const held = (code: ReasonCode = 'APPROVAL_COST_ABOVE_THRESHOLD'): Saga => {
  const saga = new Saga().verdicts({ policy: ASKS(code) });
  saga.decide();
  return saga;
};

describe('a decision', () => {
  it('releases on six approvals and completes after a screened result', () => {
    const saga = released();
    expect(saga.state).toBe('RELEASING');
    expect(saga.claim()).toBe(true);
    expect(saga.event(RESULT)).toBe(true);
    expect(
      saga.event({
        type: 'screened',
        digest: RESULT.digest,
        outcome: 'ALLOW',
        codes: [],
        chargedMicros: '0',
      }),
    ).toBe(true);
    expect(saga.state).toBe('COMPLETED');
  });

  it.each(CONTROLS)('denies when %s denies and five approve', (control) => {
    const saga = new Saga().verdicts({ [control]: { decision: 'DENY', codes: [{ code: 'AGENT_REVOKED' }] } });
    saga.decide();
    expect(saga.state).toBe('DENIED AGENT_REVOKED');
  });

  it.each(CONTROLS)(
    'denies when %s approves without what its approval has to say, or says nothing of money',
    (control) => {
      const bare = {
        connection: undefined,
        epochs: undefined,
        grant: undefined,
        score: undefined,
        record: undefined,
        estimateMicros: undefined,
        priceBookVersion: undefined,
      };
      const saga = new Saga().verdicts({ [control]: bare as unknown as Partial<Judgement> });
      saga.decide();
      if (control === 'guardrails') expect(saga.state).toBe('RELEASING');
      else expect(['DENIED CONTROL_ERROR', 'EVALUATING']).toContain(saga.state);
    },
  );

  it('names the code of registry first, whoever was quicker', () => {
    const saga = new Saga();
    saga.verdict('policy', { decision: 'DENY', codes: [{ code: 'TASK_TYPE_NOT_ALLOWED', clause: 140 }] });
    saga.verdict('registry', { decision: 'DENY', codes: [{ code: 'AGENT_REVOKED', clause: 20 }] });
    saga.decide();
    expect(saga.state).toBe('DENIED AGENT_REVOKED');
  });

  it('stands: a second one of the same round inserts nothing', () => {
    const saga = released();
    expect(saga.decide()).toBe(false);
    expect(saga.state).toBe('RELEASING');
  });

  it('counts a repeated verdict once, and one of another round never', () => {
    const saga = held();
    saga.approve();
    saga.nextRound();
    expect(saga.verdict('trust', {}, 1)).toBe('stale');
    expect(saga.verdict('trust')).toBe('counted');
    expect(saga.verdict('trust', { decision: 'DENY', codes: [{ code: 'AGENT_REVOKED' }] })).toBe('repeated');
  });

  it('judges again in round 2 when policy and budget saw different price books, then with one in both', () => {
    const saga = new Saga().verdicts({ policy: { priceBookVersion: 7 }, budget: { priceBookVersion: 8 } });
    saga.decide();
    expect(saga.row).toMatchObject({ state: 'EVALUATING', round: 2 });
    saga.nextRound().verdicts().decide();
    expect(saga.state).toBe('RELEASING');
  });

  it('gives up when estimates differ in every round', () => {
    const saga = new Saga();
    for (let round = 1; round <= MAX_ROUNDS; round += 1)
      saga
        .nextRound()
        .verdicts({ policy: { estimateMicros: '1' }, budget: { estimateMicros: '2' } })
        .decide();
    expect(saga.state).toBe('DENIED CONTROL_ERROR');
  });
});

describe('a person', () => {
  it('approves, and only a second round releases', () => {
    const saga = held();
    expect(saga.state).toBe('AWAITING_APPROVAL');
    expect(saga.claim()).toBe(false);
    expect(saga.approve()).toBe(true);
    expect(saga.row).toMatchObject({ state: 'EVALUATING', round: 2 });
    saga
      .nextRound()
      .verdicts({ policy: ASKS('APPROVAL_COST_ABOVE_THRESHOLD') })
      .decide();
    expect(saga.state).toBe('RELEASING');
  });

  it('approves in vain what round 2 denies', () => {
    const saga = held();
    saga.approve();
    saga
      .nextRound()
      .verdicts({ policy: { decision: 'DENY', codes: [{ code: 'OUTSIDE_TIME_WINDOW' }] } })
      .decide();
    expect(saga.state).toBe('DENIED REEVALUATION_DENIED');
  });

  it('is asked again for another reason, and not a third time', () => {
    const saga = held();
    saga.approve();
    saga
      .nextRound()
      .verdicts({ policy: ASKS('APPROVAL_COST_ABOVE_THRESHOLD', 'two') })
      .decide();
    expect(saga.state).toBe('AWAITING_APPROVAL');
    saga.approve();
    saga
      .nextRound()
      .verdicts({ policy: ASKS('APPROVAL_COST_ABOVE_THRESHOLD', 'three') })
      .decide();
    expect(saga.state).toBe('DENIED APPROVAL_CHURN');
  });

  it('has approved one action: another is not released', () => {
    const saga = held();
    saga.approve();
    const money = { estimateMicros: '5', priceBookVersion: 1 };
    saga
      .nextRound()
      .verdicts({ policy: { ...ASKS('APPROVAL_COST_ABOVE_THRESHOLD'), ...money }, budget: money })
      .decide();
    expect(saga.state).toBe('DENIED APPROVAL_ACTION_MISMATCH');
  });

  it('has approved one action: neither is another after verdicts had expired in between', () => {
    const saga = held();
    saga.approve();
    saga
      .nextRound()
      .verdicts({ policy: ASKS('APPROVAL_COST_ABOVE_THRESHOLD') })
      .decide();
    saga.clock.advance(61_000);
    saga.claim();
    expect(saga.row).toMatchObject({ state: 'EVALUATING', round: 3 });
    const money = { estimateMicros: '5', priceBookVersion: 1 };
    saga
      .nextRound()
      .verdicts({ policy: { ...ASKS('APPROVAL_COST_ABOVE_THRESHOLD'), ...money }, budget: money })
      .decide();
    expect(saga.state).toBe('DENIED APPROVAL_ACTION_MISMATCH');
  });

  it('is asked again when the grant became wider', () => {
    const narrow = { grant: { ...ANY_GRANT, taskTypes: ['chat'] } };
    const saga = new Saga().verdicts({ policy: { ...ASKS('APPROVAL_COST_ABOVE_THRESHOLD'), ...narrow } });
    saga.decide();
    saga.approve();
    saga
      .nextRound()
      .verdicts({ policy: ASKS('APPROVAL_COST_ABOVE_THRESHOLD') })
      .decide();
    expect(saga.state).toBe('AWAITING_APPROVAL');
  });

  it.each(['REJECT', 'APPROVE'] as const)('who says %s to what is no longer shown changes nothing', (decision) => {
    const saga = held();
    const stale = { kind: 'refused', code: 'APPROVAL_STALE_DIGEST' };
    expect(saga.decided(decision, { actionDigest: 'sha256:other' })).toMatchObject(stale);
    expect(saga.decided(decision, { round: 2 })).toMatchObject(stale);
    expect(saga.state).toBe('AWAITING_APPROVAL');
  });

  it('comes too late after four hours', () => {
    const saga = held();
    saga.clock.advance(TIMERS.approval);
    expect(saga.approve()).toBe(false);
    saga.event({ type: 'timer' });
    expect(saga.state).toBe('EXPIRED APPROVAL_EXPIRED');
  });
});

describe('a claim', () => {
  it('is made once', () => {
    const saga = dispatched();
    expect(saga.claim()).toBe(false);
  });

  it('waits for the record of its own round: that of an older one may be told again', () => {
    const saga = held();
    saga.approve();
    saga
      .nextRound()
      .verdicts({ policy: ASKS('APPROVAL_COST_ABOVE_THRESHOLD') })
      .decide();
    expect(saga.claim({ recordedRound: 1 })).toBe(false);
    expect(saga.claim({ recordedRound: 2 })).toBe(true);
  });

  it('is refused by a block, with its code', () => {
    const saga = released();
    saga.claim({ blocked: 'CONNECTION_SUSPENDED' });
    expect(saga.state).toBe('DENIED CONNECTION_SUSPENDED');
    expect(saga.row?.claim).toBe('WITHDRAWN');
  });

  it('is refused when epochs have moved', () => {
    const saga = released();
    saga.claim({ epochsMoved: true });
    expect(saga.state).toBe('DENIED TOKEN_EPOCH_STALE');
  });

  it('that comes when verdicts are over is judged again, at most to round 3', () => {
    const saga = released();
    for (let round = 2; round <= MAX_ROUNDS; round += 1) {
      saga.clock.advance(61_000);
      saga.claim();
      expect(saga.row).toMatchObject({ state: 'EVALUATING', round });
      saga.nextRound().verdicts().decide();
    }
    saga.clock.advance(61_000);
    saga.claim();
    expect(saga.state).toBe('DENIED VERDICT_EXPIRED');
  });

  it('that nobody makes for 10 s is withdrawn', () => {
    const saga = released();
    saga.clock.advance(TIMERS.release);
    saga.event({ type: 'timer' });
    expect(saga.state).toBe('DENIED RELEASE_TIMEOUT');
    expect(saga.row?.claim).toBe('WITHDRAWN');
  });
});

describe('a task that was handed over', () => {
  it('and known not to be delivered is denied', () => {
    const saga = dispatched();
    saga.event({ type: 'undelivered' });
    expect(saga.state).toBe('DENIED TARGET_UNAVAILABLE');
  });

  it('expires at its deadline; of results after it only the cost of the first is noted', () => {
    const saga = dispatched();
    saga.clock.advance(600_000);
    saga.event({ type: 'timer' });
    expect(saga.state).toBe('EXPIRED RESULT_TIMEOUT');
    expect(saga.event({ ...RESULT, chargedMicros: '70' })).toBe(true);
    expect(saga.state).toBe('EXPIRED RESULT_TIMEOUT');
    expect(saga.row).toMatchObject({ late: { digest: RESULT.digest, chargedMicros: '70' } });
    expect(saga.event({ ...RESULT, chargedMicros: '80' })).toBe(false);
  });

  it('expires at its deadline also when the late result is faster than the timer', () => {
    const saga = dispatched();
    saga.clock.advance(600_000);
    saga.event(RESULT);
    expect(saga.state).toBe('EXPIRED RESULT_TIMEOUT');
    expect(saga.row?.result).toBeUndefined();
    expect(saga.row?.late).toMatchObject({ digest: RESULT.digest });
  });

  it('and cancelled ends cancelled, whatever comes back', () => {
    const saga = dispatched();
    saga.event({ type: 'cancel', actor: 'operator:local', code: 'CANCELLED_BY_USER' });
    expect(saga.state).toBe('CANCELLING CANCELLED_BY_USER');
    saga.event(RESULT);
    expect(saga.state).toBe('CANCELLED CANCELLED_BY_USER');
  });

  it('is quarantined when its result is blocked, or not screened in time', () => {
    const blocked = dispatched();
    blocked.event(RESULT);
    blocked.event({
      type: 'screened',
      digest: RESULT.digest,
      outcome: 'BLOCK',
      codes: [],
      chargedMicros: '0',
    });
    expect(blocked.state).toBe('QUARANTINED GUARDRAIL_BLOCKED');
    const late = dispatched();
    late.event(RESULT);
    late.clock.advance(TIMERS.screen);
    late.event({ type: 'timer' });
    expect(late.state).toBe('QUARANTINED OUTPUT_SCREEN_TIMEOUT');
  });

  it('does not complete on the screening of other bytes', () => {
    const saga = dispatched();
    saga.event(RESULT);
    expect(
      saga.event({
        type: 'screened',
        digest: 'sha256:x',
        outcome: 'ALLOW',
        codes: [],
        chargedMicros: '0',
      }),
    ).toBe(false);
  });
});

describe('a task whose output is not good enough', () => {
  const RETRY: RowEvent = {
    type: 'screened',
    digest: RESULT.digest,
    outcome: 'RETRY',
    codes: [],
    chargedMicros: '5',
    retry: { strategy: 'format_hint', max: 1 },
    inputAtHand: true,
  };
  const second = (): Saga => {
    const saga = dispatched();
    saga.event(RESULT);
    saga.event(RETRY);
    return saga.nextRound();
  };

  it('is judged by all six again and completes in its second attempt, under the same deadline', () => {
    const saga = second();
    expect(saga.row).toMatchObject({ attempt: 2, round: 1, state: 'EVALUATING' });
    const { deadline } = saga.row?.task ?? {};
    saga.verdicts();
    expect(saga.decide()).toBe(true);
    expect(saga.claim()).toBe(true);
    saga.event(RESULT);
    saga.event({ type: 'screened', digest: RESULT.digest, outcome: 'ALLOW', codes: [], chargedMicros: '7' });
    expect(saga.state).toBe('COMPLETED');
    expect(saga.row).toMatchObject({ attempt: 2, chargedMicros: '7', earlierMicros: '5', task: { deadline } });
  });

  it('is denied in its second attempt by whoever denies it then', () => {
    const saga = second().verdicts({ budget: { decision: 'DENY', codes: [{ code: 'BUDGET_TASK_EXHAUSTED' }] } });
    saga.decide();
    expect(saga.state).toBe('DENIED BUDGET_TASK_EXHAUSTED');
  });

  it('is denied when nobody judges its second attempt', () => {
    const saga = second();
    saga.clock.advance(TIMERS.verdict + 60_000);
    saga.event({ type: 'timer' });
    expect(saga.state).toBe('DENIED VERDICT_TIMEOUT');
  });

  it('is not tried a second time when once was allowed', () => {
    const saga = second().verdicts();
    saga.decide();
    saga.claim();
    saga.event(RESULT);
    saga.event(RETRY);
    expect(saga.state).toBe('QUARANTINED RETRY_EXHAUSTED');
  });
});

describe('a task that has ended', () => {
  const EVENTS: readonly RowEvent[] = [
    { type: 'claim', facts: { grantId: 'g', recordedRound: 1, blocked: undefined, epochsMoved: false } },
    { type: 'undelivered' },
    RESULT,
    { type: 'lateUsage', usage: [], tools: [] },
    { type: 'screened', digest: RESULT.digest, outcome: 'ALLOW', codes: [], chargedMicros: '0' },
    { type: 'cancel', actor: 'a', code: 'CANCELLED_BY_USER' },
    { type: 'withdrawn', codes: [{ code: 'AGENT_REVOKED' }] },
    { type: 'timer' },
  ];
  const ended = TASK_STATES.slice(TASK_STATES.indexOf('DENIED'));

  it.each(ended.flatMap((state) => EVENTS.map((event) => [state, event.type, event] as const)))(
    '%s stays so whatever happens: %s',
    (state, _type, event) => {
      const saga = released();
      saga.row = { ...(saga.row as TaskRecord), state, endedAt: 1 };
      saga.clock.advance(10_000_000);
      expect(saga.event(event)).toBe(false);
    },
  );
});
