import { Injectable } from '@nestjs/common';
import type { TaskData, TaskKey } from '@countersign/contracts';
import type { RateOutcome } from '../domain/clauses/230-rate.js';
import type { RateLimit } from '../domain/effective-policy.js';
import { evaluatePolicy } from '../domain/evaluate-policy.js';
import type { PoliciesInForce, PolicyDecision, PolicyFacts } from '../domain/model.js';
import type { RateRequest, RateRule, RateScope } from '../domain/rate-log.js';
import { Rates, RatesUnavailable } from './rates.js';

/** One evaluation of a task with everything that it is judged by. */
export interface PolicyQuestion {
  readonly key: TaskKey;
  readonly attempt: number;
  readonly policies: PoliciesInForce;
  readonly task: TaskData;
  readonly facts: PolicyFacts;
}

const PERIOD_MS = { minute: 60_000, hour: 3_600_000 } as const;

/** Decides batches of tasks: documents first, then one question to the database for all whose rate is limited and that everything else allows. */
@Injectable()
export class DecidePolicies {
  constructor(private readonly rates: Rates) {}

  /** The decisions, aligned with the questions; tokens are taken in their order. */
  async decide(questions: readonly PolicyQuestion[]): Promise<readonly PolicyDecision[]> {
    return this.#decide(questions, (requests) => this.rates.admit(requests));
  }

  /** What {@link decide} would answer now; nothing is taken. */
  async wouldDecide(questions: readonly PolicyQuestion[]): Promise<readonly PolicyDecision[]> {
    return this.#decide(questions, (requests) => this.rates.peek(requests));
  }

  async #decide(
    questions: readonly PolicyQuestion[],
    ask: (requests: readonly RateRequest[]) => Promise<readonly RateOutcome[]>,
  ): Promise<readonly PolicyDecision[]> {
    const evaluations = questions.map((question) => ({
      question,
      evaluation: evaluatePolicy(question.policies, question.task, question.facts),
    }));
    const requests = evaluations.flatMap(({ question, evaluation }) =>
      evaluation.kind === 'awaits-rate' ? [requestOf(question, evaluation.limits)] : [],
    );
    const outcomes = requests.length === 0 ? [] : await orUnavailable(requests, ask);
    let next = 0;
    return evaluations.map(({ evaluation }) => {
      if (evaluation.kind === 'decided') return evaluation.decision;
      const outcome = outcomes[next] ?? UNAVAILABLE;
      next += 1;
      return evaluation.decide(outcome);
    });
  }
}

const UNAVAILABLE: RateOutcome = { kind: 'unavailable' };

/** No admission is counted anywhere else: without the database nothing that is limited passes. */
async function orUnavailable(
  requests: readonly RateRequest[],
  ask: (requests: readonly RateRequest[]) => Promise<readonly RateOutcome[]>,
): Promise<readonly RateOutcome[]> {
  try {
    return await ask(requests);
  } catch (error) {
    if (error instanceof RatesUnavailable) return [];
    throw error;
  }
}

function requestOf({ key, attempt, facts }: PolicyQuestion, limits: readonly RateLimit[]): RateRequest {
  const rules = limits.map(({ level, rule, limit }): RateRule => ({
    scope: scopeOf(level, facts),
    level,
    rule,
    limit,
    periodMs: PERIOD_MS[rule],
  }));
  return { key, attempt, rules };
}

/** Whose admissions a level's limit counts. An organisation's limit counts what its own agents send, and apart from it what strangers send to them. */
function scopeOf(level: RateLimit['level'], { client, target, connection }: PolicyFacts): RateScope {
  switch (level) {
    case 'connection':
      return { org: client.org, kind: 'connection', id: connection };
    case 'client':
      return { org: client.org, kind: 'agent', id: client.agent };
    case 'clientOrg':
      return { org: client.org, kind: 'org', id: client.org };
    case 'targetOrg':
      return { org: target.org, kind: 'inbound', id: target.org };
  }
}
