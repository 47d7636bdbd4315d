import { Injectable } from '@nestjs/common';
import {
  readModelKey,
  type AgentRecord,
  type AgentRef,
  type ConnectionRecord,
  type OrgRecord,
  type RegistryRecord,
} from '@countersign/contracts';
import type { ReadModel } from '@countersign/bus';
import { ConnectionIndex, ReadModels } from '@countersign/service-host';
import type { RegistryView } from '../../domain/registry-view.js';

/** The registry's own read model as the view that clauses are judged by: the owner judges from it too, so that every replica sees the same. */
@Injectable()
export class ReadModelView implements RegistryView {
  readonly #model: ReadModel<RegistryRecord>;
  readonly #connections: ConnectionIndex;

  constructor(models: ReadModels) {
    this.#model = models.registry;
    this.#connections = new ConnectionIndex(this.#model);
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
    return this.#connections.find(client, target);
  }

  /** Connections of one client that are not disconnected. */
  *connectionsOf(client: AgentRef): Generator<ConnectionRecord> {
    for (const [, record] of this.#model.entries())
      if (
        record.kind === 'connection' &&
        record.client.org === client.org &&
        record.client.agent === client.agent &&
        record.status !== 'DISCONNECTED'
      )
        yield record;
  }
}
