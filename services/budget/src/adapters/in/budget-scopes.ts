import { Injectable } from '@nestjs/common';
import { readModelKey, type AgentRecord, type BudgetScope, type PolicyRecord } from '@countersign/contracts';
import { ReadModels, type TaskParties } from '@countersign/service-host';
import type { ScopeType } from '../../domain/accounts.js';
import type { Cap, Caps } from '../../domain/caps.js';
import { amountOf } from '../../domain/cost-rules.js';

/** A budget with the caps that the read models say now. */
export interface CappedScope {
  readonly type: ScopeType;
  readonly id: string;
  readonly caps: Caps;
}

/** The budgets of an organisation as the read models know them. */
@Injectable()
export class BudgetScopes {
  constructor(private readonly models: ReadModels) {}

  /** Budgets of a task: organisation, client agent and connection. */
  ofTask({ clientOrg, client, connection }: TaskParties): readonly CappedScope[] {
    const org = clientOrg.org;
    return [this.#organization(org), this.#agent(client), this.#connection(org, connection.connection)];
  }

  /** One budget of an organisation; undefined when it has no such agent or connection. */
  find(org: string, { type, id }: BudgetScope): CappedScope | undefined {
    const { registry } = this.models;
    switch (type) {
      case 'ORG':
        return id === org && registry.get(readModelKey.org(org)) !== undefined ? this.#organization(org) : undefined;
      case 'AGENT': {
        const agent = registry.get(readModelKey.agent({ org, agent: id }));
        return agent?.kind === 'agent' ? this.#agent(agent) : undefined;
      }
      case 'CONNECTION':
        return registry.get(readModelKey.connection(org, id)) === undefined ? undefined : this.#connection(org, id);
    }
  }

  /** Budgets that an organisation has now: its own, and those of its agents and connections. */
  ofOrg(org: string): readonly CappedScope[] {
    const records = [...this.models.registry.entries()].map(([, record]) => record);
    return [
      ...records.flatMap((r) => (r.kind === 'org' && r.org === org ? [this.#organization(org)] : [])),
      ...records.flatMap((r) => (r.kind === 'agent' && r.org === org ? [this.#agent(r)] : [])),
      ...records.flatMap((r) =>
        r.kind === 'connection' && r.client.org === org ? [this.#connection(org, r.connection)] : [],
      ),
    ];
  }

  #organization(org: string): CappedScope {
    return { type: 'ORG', id: org, caps: { policy: capOf(this.models.policy.get(readModelKey.org(org))) } };
  }

  #agent(agent: AgentRecord): CappedScope {
    const surface = { version: agent.version, micros: amountOf(agent.surface.monthlyCapMicros) };
    const policy = capOf(this.models.policy.get(readModelKey.agent(agent)));
    return { type: 'AGENT', id: agent.agent, caps: { policy, surface } };
  }

  #connection(org: string, id: string): CappedScope {
    return {
      type: 'CONNECTION',
      id,
      caps: { policy: capOf(this.models.policy.get(readModelKey.connection(org, id))) },
    };
  }
}

/** Before anybody wrote a policy its version is 0 and caps nothing. */
function capOf(record: PolicyRecord | undefined): Cap {
  return { version: record?.policyVersion ?? 0, micros: amountOf(record?.document.monthlyCapMicros) };
}
