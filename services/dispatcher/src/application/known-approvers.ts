import { Injectable } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import { readModelKey, type AgentRef } from '@countersign/contracts';
import type { Person } from '@countersign/bus';
import { PeopleDirectory, ReadModels, ServiceConfig } from '@countersign/service-host';
import { Logger } from '@countersign/telemetry';
import { z } from 'zod';
import type { ApprovalRequest } from '../domain/approval-request.js';
import type { ApprovalTerms } from '../domain/approval-terms.js';
import { eligibleFor, type Involvement } from '../domain/eligibility.js';
import type { Evaluation, TaskRecord } from '../domain/model.js';
import { Approvers, type WaitingRequest } from './approval-ports.js';

const MINUTE_MS = 60_000;

/** People, agents and connections as CFG_registry says now. What is stale or absent never makes asking easier. */
@Injectable()
export class KnownApprovers extends Approvers {
  readonly #expiryMs: number;

  constructor(
    private readonly people: PeopleDirectory,
    private readonly models: ReadModels,
    private readonly clock: Clock,
    private readonly logger: Logger,
    config: ServiceConfig,
  ) {
    super();
    this.#expiryMs = z.number().parse(config.values['COUNTERSIGN_APPROVAL_MINUTES']) * MINUTE_MS;
  }

  override termsFor({ key, verdicts }: Evaluation): ApprovalTerms {
    const id = verdicts.get('registry')?.verdict.connection?.id;
    const record = id === undefined ? undefined : this.#record(readModelKey.connection(key.org, id));
    return {
      required: record?.kind === 'connection' ? record.requiredApprovals : 2,
      expiryMs: this.#expiryMs,
      stands: (person) => this.stands(person),
    };
  }

  /** What cannot be looked up now is told and keeps nothing waiting: the request itself is written. */
  override asked(record: TaskRecord): void {
    try {
      this.#alertIfStuck(record);
    } catch (error) {
      this.logger.warn('it could not be looked up who may approve', { task: record.key, error });
    }
  }

  /** Whether what a person approved still counts: they are known, and were not disabled for cause. */
  stands(person: string): boolean {
    const known = this.people.byId(person);
    return known !== undefined && this.people.fresh() && !(known.status === 'DISABLED' && known.forCause);
  }

  /** Who registered the client and the target agent. */
  registrars({ key, connection }: Pick<TaskRecord, 'key' | 'connection'>): readonly (string | undefined)[] {
    return [this.#registrar(key), connection === undefined ? undefined : this.#registrar(connection)];
  }

  /** Who may still decide a request that waits, and whether they are too few for it ever to be approved. */
  outlook({ key, target, request, authors }: WaitingRequest): {
    readonly eligible: readonly Person[];
    readonly stuck: boolean;
  } {
    const involved = { registrars: [this.#registrar(key), this.#registrar(target)], authors };
    return { eligible: this.#eligible(request, involved), stuck: this.#isStuck(request, involved) };
  }

  /** A person's name for others. */
  nameOf(person: string): string {
    return this.people.byId(person)?.name ?? person;
  }

  #alertIfStuck(record: TaskRecord): void {
    const involved = { registrars: this.registrars(record), authors: record.facts.approval?.authors };
    for (const request of record.requests ?? [])
      if (request.status === 'PENDING' && this.#isStuck(request, involved))
        this.logger.alert('NO_ELIGIBLE_APPROVER', {
          task: record.key,
          attempt: record.attempt,
          round: record.round,
          count: request.required,
        });
  }

  #isStuck(request: ApprovalRequest, involved: Involvement): boolean {
    const counting = request.decisions.filter(({ person }) => this.stands(person)).length;
    return this.#eligible(request, involved).length + counting < request.required;
  }

  #eligible({ org, decisions }: ApprovalRequest, involved: Involvement): readonly Person[] {
    const decided = decisions.map(({ person }) => person);
    return eligibleFor(this.people.of(org), { org, decided, ...involved }, this.clock.now());
  }

  #registrar(ref: AgentRef): string | undefined {
    const record = this.#record(readModelKey.agent(ref));
    return record?.kind === 'agent' ? record.registeredBy : undefined;
  }

  /** What was spoilt is as good as absent: whatever asks then finds nobody, and two people needed. */
  #record(key: string) {
    try {
      return this.models.registry.get(key);
    } catch {
      return undefined;
    }
  }
}
