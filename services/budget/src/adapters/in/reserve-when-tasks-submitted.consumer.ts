import { Controller } from '@nestjs/common';
import { Clock, parseInstant, parseMicros, type Micros, type Result } from '@countersign/primitives';
import {
  DEADLINE,
  TIMERS,
  type Estimate,
  type EstimateFailure,
  type PolicyRecord,
  type ReasonCode,
  type TaskData,
} from '@countersign/contracts';
import { denial, JudgeTasks, type Judgement, type TaskMessage } from '@countersign/bus';
import { ReadModels, TaskFacts, type TaskParties } from '@countersign/service-host';
import type { ScopeKey } from '../../domain/accounts.js';
import type { ReserveOutcome, ReserveRequest } from '../../domain/ledger.js';
import { periodOf } from '../../domain/period.js';
import { LedgerStore, type LedgerScope } from '../out/ledger.store.js';

interface Prepared {
  readonly request: ReserveRequest;
  readonly accounts: LedgerScope['accounts'];
  readonly estimate: Result<Estimate, EstimateFailure>;
}

/** Reserves money for every task of a batch in one transaction, and gives budget's verdict. */
@Controller()
export class ReserveWhenTasksSubmitted {
  readonly #facts: TaskFacts;

  constructor(
    models: ReadModels,
    private readonly ledger: LedgerStore,
    private readonly clock: Clock,
  ) {
    this.#facts = new TaskFacts(models);
  }

  @JudgeTasks()
  async judge(tasks: readonly TaskMessage[]): Promise<readonly Judgement[]> {
    const now = this.clock.now();
    const prepared = tasks.map((task) => this.#prepare(task, now));
    const asked = prepared.filter((p): p is Prepared => 'request' in p);
    if (asked.length === 0) return prepared.flatMap((p) => ('request' in p ? [] : [p]));
    const scope = {
      attempts: asked.flatMap(({ request }) => attemptsOf(request)),
      accounts: asked.flatMap((p) => p.accounts),
    };
    const outcomes = await this.ledger.run(
      scope,
      (ledger) => new Map(asked.map((p) => [p, ledger.reserve(p.request)])),
    );
    return prepared.map((p) => ('request' in p ? judgementOf(p, outcomes.get(p)) : p));
  }

  #prepare(message: TaskMessage, now: number): Prepared | Judgement {
    if (!message.envelope.ok) return denial({ code: message.envelope.error.code, clause: 10, side: 'client' });
    const { data } = message.envelope.value;
    const parties = this.#facts.parties(message.key, data.target);
    if (parties === undefined) return denial({ code: 'CONNECTION_NOT_FOUND', clause: 60, side: 'client' });
    const accounts = this.#accounts(parties, periodOf(parties.clientOrg.zone, now));
    const estimate = this.#facts.estimate(message, data, parties);
    if (!estimate.ok && accounts.some(({ limit }) => limit !== undefined)) return denied(estimate.error);
    if (this.#facts.priceBook().version > 0 && this.#facts.priceBook().currency !== parties.clientOrg.currency)
      return denied('COST_CURRENCY_MISMATCH');
    const line = message.roundLine;
    const request: ReserveRequest = {
      key: message.key,
      attempt: message.attempt,
      round: message.round,
      scopes: accounts.map((a) => a.key),
      amount: estimate.ok ? estimate.value.estimateMicros : 0n,
      priceBookVersion: estimate.ok ? estimate.value.priceBookVersion : undefined,
      expiresAt: expiryOf(message, data),
      ...(line?.replaces === undefined
        ? {}
        : {
            replaces: {
              attempt: line.replaces.attempt,
              settle: line.replaces.how === 'SETTLE' ? parseMicros(line.replaces.micros) : undefined,
            },
          }),
    };
    return { request, accounts, estimate };
  }

  /** Budgets of organisation, client agent and connection, with the caps that are in force now. */
  #accounts(parties: TaskParties, period: string): LedgerScope['accounts'] {
    const { clientOrg: org, client, connection } = parties;
    const records = this.#facts.policies(parties);
    const scope = (type: ScopeKey['type'], id: string): ScopeKey => ({ org: org.org, type, id, period });
    return [
      { key: scope('ORG', org.org), limit: capOf(records.clientOrg) },
      { key: scope('AGENT', client.agent), limit: lower(capOf(records.client), client.surface.monthlyCapMicros) },
      { key: scope('CONNECTION', connection.connection), limit: capOf(records.connection) },
    ];
  }
}

function attemptsOf({ key, attempt, replaces }: ReserveRequest): LedgerScope['attempts'] {
  return [{ key, attempt }, ...(replaces === undefined ? [] : [{ key, attempt: replaces.attempt }])];
}

function capOf(record: PolicyRecord | undefined): Micros | undefined {
  const cap = record?.document.monthlyCapMicros;
  return cap === undefined || cap === null ? undefined : parseMicros(cap);
}

function lower(a: Micros | undefined, text: string | null): Micros | undefined {
  if (text === null) return a;
  const b = parseMicros(text);
  return a === undefined || b < a ? b : a;
}

/** A sweeper looks after a hold this long after the task's deadline; an approval in between is known to the dispatcher, which is asked. */
function expiryOf({ streamAt }: TaskMessage, { deadline }: TaskData): number {
  return (deadline === undefined ? streamAt + DEADLINE.default : parseInstant(deadline)) + TIMERS.settle;
}

function denied(code: ReasonCode): Judgement {
  return denial({ code, side: 'client' });
}

function judgementOf({ estimate, request }: Prepared, outcome: ReserveOutcome | undefined): Judgement {
  const known = estimate.ok
    ? { estimateMicros: request.amount.toString(), priceBookVersion: estimate.value.priceBookVersion }
    : {};
  if (outcome === undefined) return denied('BUDGET_SCOPE_UNKNOWN');
  if (!outcome.ok)
    return {
      ...denial(
        { code: outcome.code, side: 'client' },
        outcome.scope === undefined ? {} : { scope: outcome.scope.type, period: outcome.scope.period },
      ),
      ...known,
    };
  return {
    decision: 'APPROVE',
    codes: [],
    details: {
      reservedMicros: outcome.reservation.amount.toString(),
      period: outcome.reservation.scopes[0]?.period ?? '',
    },
    versions: { priceBook: outcome.reservation.priceBookVersion ?? 0 },
    ...known,
  };
}
