import { Injectable } from '@nestjs/common';
import { Clock, parseInstant, parseMicros, type Result } from '@countersign/primitives';
import {
  DEADLINE,
  readModelKey,
  TIMERS,
  type Estimate,
  type EstimateFailure,
  type Policy,
  type TaskData,
} from '@countersign/contracts';
import { denial, type Judgement, type TaskMessage } from '@countersign/bus';
import { ReadModels, TaskFacts, type TaskParties } from '@countersign/service-host';
import { hasCostRule, lowestDailyThreshold } from '../../domain/cost-rules.js';
import type { ReserveRequest } from '../../domain/ledger.js';
import { dayOf, type Period } from '../../domain/period.js';
import { CalendarStore } from '../out/calendar.store.js';
import type { LedgerScope } from '../out/ledger-rows.js';
import { BudgetScopes } from './budget-scopes.js';
import { denied } from './budget-judgement.js';

/** What a task asks of the ledger. */
export interface Prepared {
  readonly request: ReserveRequest;
  readonly accounts: LedgerScope['accounts'];
  readonly estimate: Result<Estimate, EstimateFailure>;
}

interface Known {
  readonly message: TaskMessage;
  readonly data: TaskData;
  readonly parties: TaskParties;
}

/** Finds what tasks ask of the ledger, from the read models and the calendar; or why there is nothing to ask. */
@Injectable()
export class ReservationRequests {
  readonly #facts: TaskFacts;

  constructor(
    private readonly models: ReadModels,
    private readonly scopes: BudgetScopes,
    private readonly calendar: CalendarStore,
    private readonly clock: Clock,
  ) {
    this.#facts = new TaskFacts(models);
  }

  /** Aligned by index; begins the periods of the organisations that have none. */
  async of(tasks: readonly TaskMessage[]): Promise<readonly (Prepared | Judgement)[]> {
    const now = this.clock.now();
    const known = tasks.map((task) => this.#known(task));
    const orgs = known.flatMap((k) => ('parties' in k ? [k.parties.clientOrg] : []));
    const periods = await this.calendar.periods(orgs, now);
    return known.map((k) => {
      if (!('parties' in k)) return k;
      const period = periods.get(k.parties.clientOrg.org);
      return period === undefined ? denied('BUDGET_SCOPE_UNKNOWN') : this.#prepare(k, period, now);
    });
  }

  /** As {@link of} for one task, without beginning anything. */
  async look(task: TaskMessage): Promise<Prepared | Judgement> {
    const now = this.clock.now();
    const known = this.#known(task);
    if (!('parties' in known)) return known;
    return this.#prepare(known, await this.calendar.look(known.parties.clientOrg, now), now);
  }

  #known(message: TaskMessage): Known | Judgement {
    if (!message.envelope.ok) return denial({ code: message.envelope.error.code, clause: 10, side: 'client' });
    const { data } = message.envelope.value;
    const parties = this.#parties(message, data);
    return parties === undefined
      ? denial({ code: 'CONNECTION_NOT_FOUND', clause: 60, side: 'client' })
      : { message, data, parties };
  }

  /** A later attempt may go over another connection of the same client: the one that the dispatcher signed. */
  #parties({ key, roundLine }: TaskMessage, { target }: TaskData): TaskParties | undefined {
    const parties = this.#facts.parties(key, target);
    if (roundLine === undefined || roundLine.connection === parties?.connection.connection) return parties;
    const connection = this.models.registry.get(readModelKey.connection(key.org, roundLine.connection));
    if (connection?.kind !== 'connection' || connection.client.agent !== key.agent) return undefined;
    const [clientOrg, targetOrg] = [this.#facts.org(key.org), this.#facts.org(connection.target.org)];
    const [client, backup] = [this.#facts.agent(connection.client), this.#facts.agent(connection.target)];
    if (clientOrg === undefined || targetOrg === undefined || client === undefined || backup === undefined)
      return undefined;
    return { clientOrg, targetOrg, client, target: backup, connection };
  }

  #prepare({ message, data, parties }: Known, period: Period, now: number): Prepared | Judgement {
    const estimate = this.#facts.estimate(message, data, parties);
    const policies = this.#policies(parties);
    if (!estimate.ok && hasCostRule(policies.all, [parties.client.surface, parties.target.surface]))
      return denied(estimate.error);
    if (this.#foreignCurrency(message, parties)) return denied('COST_CURRENCY_MISMATCH');
    const accounts = this.scopes.ofTask(parties).map(({ type, id, caps }) => ({
      key: { org: parties.clientOrg.org, type, id, period: period.key },
      caps,
    }));
    const request: ReserveRequest = {
      key: message.key,
      attempt: message.attempt,
      round: message.round,
      scopes: accounts.map(({ key }) => key),
      amount: estimate.ok ? estimate.value.estimateMicros : 0n,
      priceBookVersion: estimate.ok ? estimate.value.priceBookVersion : undefined,
      expiresAt: expiryOf(message, data),
      today: dayOf(period.zone, now),
      askAbove: lowestDailyThreshold(policies.client),
      ...replacedBy(message),
    };
    return { request, accounts, estimate };
  }

  #policies(parties: TaskParties): { readonly all: readonly Policy[]; readonly client: readonly Policy[] } {
    const { clientOrg, targetOrg, client, connection } = this.#facts.policies(parties);
    const ours = [clientOrg, client, connection].flatMap((record) => (record === undefined ? [] : [record.document]));
    return { client: ours, all: targetOrg === undefined ? ours : [...ours, targetOrg.document] };
  }

  /** Prices in another currency count for nothing; what a hold has frozen was priced already. */
  #foreignCurrency({ roundLine }: TaskMessage, { clientOrg }: TaskParties): boolean {
    const book = this.#facts.priceBook();
    return roundLine?.estimateMicros === undefined && book.version > 0 && book.currency !== clientOrg.currency;
  }
}

function replacedBy({ roundLine }: TaskMessage): Pick<ReserveRequest, 'replaces'> {
  const replaces = roundLine?.replaces;
  if (replaces === undefined) return {};
  const settle = replaces.how === 'SETTLE' ? parseMicros(replaces.micros) : undefined;
  return { replaces: { attempt: replaces.attempt, settle } };
}

/** A sweeper looks after a hold this long after the task's deadline; an approval in between is known to the dispatcher, which is asked. */
function expiryOf({ streamAt }: TaskMessage, { deadline }: TaskData): number {
  return (deadline === undefined ? streamAt + DEADLINE.default : parseInstant(deadline)) + TIMERS.settle;
}
