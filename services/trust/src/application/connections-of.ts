import type { AgentRef, ConnectionRecord, RegistryRecord } from '@countersign/contracts';
import type { ReadModel } from '@countersign/bus';

type Side = 'client' | 'target';

/** Connections of every agent, by the side on which it stands; kept up to date with CFG_registry. */
export class ConnectionsOf {
  readonly #by: Readonly<Record<Side, Map<string, Map<string, ConnectionRecord>>>> = {
    client: new Map(),
    target: new Map(),
  };
  /** Clients that have or had a connection over a share. */
  readonly #shared = new Set<string>();

  constructor(model: Pick<ReadModel<RegistryRecord>, 'entries' | 'onChange'>) {
    for (const [, record] of model.entries()) this.#add(record);
    model.onChange((_key, record) => this.#add(record));
  }

  /** Connections on which an agent is the client, or the target; those that were disconnected too. */
  of(side: Side, { org, agent }: AgentRef): readonly ConnectionRecord[] {
    return [...(this.#by[side].get(`${org}/${agent}`)?.values() ?? [])];
  }

  /** Whether a share with another organisation exists or existed, that this agent's connections stood on. */
  everShared(client: AgentRef): boolean {
    return this.#shared.has(`${client.org}/${client.agent}`);
  }

  #add(record: RegistryRecord): void {
    if (record.kind !== 'connection') return;
    const { client, target, share } = record;
    if (target.org !== client.org && share !== undefined) this.#shared.add(`${client.org}/${client.agent}`);
    for (const side of ['client', 'target'] as const) {
      const key = `${record[side].org}/${record[side].agent}`;
      const connections = this.#by[side].get(key) ?? new Map<string, ConnectionRecord>();
      this.#by[side].set(key, connections.set(record.connection, record));
    }
  }
}
