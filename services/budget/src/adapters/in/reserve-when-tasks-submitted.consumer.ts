import { Controller } from '@nestjs/common';
import { COMMANDS, type AnswerOf, type ParsedRequestOf } from '@countersign/contracts';
import { JudgeTasks, OnCommand, type Judgement, type TaskMessage } from '@countersign/bus';
import { Metrics } from '@countersign/telemetry';
import type { ReserveOutcome, ReserveRequest } from '../../domain/ledger.js';
import type { LedgerScope } from '../out/ledger-rows.js';
import { LedgerStore } from '../out/ledger.store.js';
import { judgementOf } from './budget-judgement.js';
import { dryRunMessage } from './dry-run-message.js';
import { ReservationRequests, type Prepared } from './reservation-requests.js';

/** Reserves money for every task of a batch in one transaction, and gives budget's verdict. */
@Controller()
export class ReserveWhenTasksSubmitted {
  constructor(
    private readonly requests: ReservationRequests,
    private readonly ledger: LedgerStore,
    private readonly metrics: Metrics,
  ) {}

  @JudgeTasks()
  async judge(tasks: readonly TaskMessage[]): Promise<readonly Judgement[]> {
    const prepared = await this.requests.of(tasks);
    const asked = prepared.filter((p): p is Prepared => 'request' in p);
    const outcomes =
      asked.length === 0
        ? undefined
        : await this.ledger.run(scopeOf(asked), (ledger) => new Map(asked.map((p) => [p, ledger.reserve(p.request)])));
    for (const outcome of outcomes?.values() ?? []) this.#count(outcome);
    return prepared.map((p) => ('request' in p ? judgementOf(p, outcomes?.get(p)) : p));
  }

  #count(outcome: ReserveOutcome): void {
    if (!outcome.ok && outcome.scope !== undefined)
      this.metrics.add('countersign_budget_denials_total', { scope: outcome.scope.type });
  }

  /** What budget would say now: nothing is locked, nothing is held. */
  @OnCommand(COMMANDS.budget.dryRun)
  async dryRun(body: ParsedRequestOf<typeof COMMANDS.budget.dryRun>): Promise<AnswerOf<typeof COMMANDS.budget.dryRun>> {
    const prepared = await this.requests.look(dryRunMessage(body));
    const judgement =
      'request' in prepared
        ? judgementOf(
            prepared,
            await this.ledger.look(scopeOf([prepared]), (ledger) => ledger.reserve(prepared.request)),
          )
        : prepared;
    const { details = {}, versions = {}, codes, validUntil: _validUntil, record: _record, ...said } = judgement;
    return { ...said, codes: [...codes], details, versions };
  }
}

function scopeOf(asked: readonly Prepared[]): LedgerScope {
  return {
    attempts: asked.flatMap(({ request }) => attemptsOf(request)),
    accounts: asked.flatMap((p) => p.accounts),
  };
}

function attemptsOf({ key, attempt, replaces }: ReserveRequest): LedgerScope['attempts'] {
  return [{ key, attempt }, ...(replaces === undefined ? [] : [{ key, attempt: replaces.attempt }])];
}
