import { Injectable } from '@nestjs/common';
import { readModelKey, type AgentRecord, type AgentRef, type ConnectionRecord, type OrgRecord, type RegistryRecord } from '@countersign/contracts';
import type { ReadModel } from '@countersign/bus';
import { ReadModels } from '@countersign/service-host';
import type { RegistryView } from '../../domain/registry-view.js';

/** The registry's own read model as the view that clauses are judged by: the owner judges from it too, so that every replica sees the same. */
@Injectable()
export class ReadModelView implements RegistryView {
  readonly #model: ReadModel<RegistryRecord>;
  readonly #pairs = new Map<string, Map<string, ConnectionRecord>>();

  constructor(models: ReadModels) {
    this.#model = models.registry;
    for (const [, record] of this.#model.entries()) this.#index(record);
    this.#model.onChange((_key, record) => this.#index(record));
  }

  get installationStopped(): boolean {
    const record = this.#model.get(readModelKey.install());
    return record?.kind !== 'install' || record.killSwitch;
  }

  org(org: string): OrgRecord | undefined {
    const record = this.#model.get(readModelKey.org(org));
    return record?.kind === 'org' ? record : undefined;
  }

  agent(ref: AgentRef): AgentRecord | undefined {
    const record = this.#model.get(readModelKey.agent(ref));
    return record?.kind === 'agent' ? record : undefined;
  }

  connectionTo(client: AgentRef, target: string): ConnectionRecord | undefined {
    let best: ConnectionRecord | undefined;
    for (const connection of this.#pairs.get(pairKey(client, target))?.values() ?? []) {
      if (connection.status !== 'DISCONNECTED') return connection;
      if (best === undefined || connection.connection > best.connection) best = connection;
    }
    return best;
  }

  /** Connections of one client that are not disconnected. */
  *connectionsOf(client: AgentRef): Generator<ConnectionRecord> {
    for (const [, record] of this.#model.entries()) if (record.kind === 'connection' && record.client.org === client.org && record.client.agent === client.agent && record.status !== 'DISCONNECTED') yield record;
  }

  #index(record: RegistryRecord): void {
    if (record.kind !== 'connection') return;
    const key = pairKey(record.client, record.target.agent);
    const pair = this.#pairs.get(key) ?? new Map<string, ConnectionRecord>();
    this.#pairs.set(key, pair.set(record.connection, record));
  }
}

function pairKey({ org, agent }: AgentRef, target: string): string {
  return `${org}/${agent}/${target}`;
}
