import { parseMicros, type Result } from '@countersign/primitives';
import {
  estimateCost,
  pricesFor,
  readModelKey,
  type AgentRecord,
  type AgentRef,
  type ConnectionRecord,
  type Estimate,
  type EstimateFailure,
  type OrgRecord,
  type PolicyRecord,
  type PriceBookRecord,
  type Prices,
  type RegistryRecord,
  type TaskData,
} from '@countersign/contracts';
import type { ReadModel, TaskMessage } from '@countersign/bus';
import type { ReadModels } from './read-models.js';

/** The connection of a task with everything that stands at its two ends. */
export interface TaskParties {
  readonly clientOrg: OrgRecord;
  readonly targetOrg: OrgRecord;
  readonly client: AgentRecord;
  readonly target: AgentRecord;
  readonly connection: ConnectionRecord;
}

/** Finds connections by client and target in CFG_registry; kept up to date with it. */
export class ConnectionIndex {
  readonly #pairs = new Map<string, Map<string, ConnectionRecord>>();

  constructor(model: ReadModel<RegistryRecord>) {
    for (const [, record] of model.entries()) this.#add(record);
    model.onChange((_key, record) => this.#add(record));
  }

  /** The connection of exactly this client to this target: the one that is not disconnected, else the newest that was. */
  find(client: AgentRef, target: string): ConnectionRecord | undefined {
    let best: ConnectionRecord | undefined;
    for (const connection of this.#pairs.get(pairKey(client, target))?.values() ?? []) {
      if (connection.status !== 'DISCONNECTED') return connection;
      if (best === undefined || connection.connection > best.connection) best = connection;
    }
    return best;
  }

  #add(record: RegistryRecord): void {
    if (record.kind !== 'connection') return;
    const key = pairKey(record.client, record.target.agent);
    this.#pairs.set(key, (this.#pairs.get(key) ?? new Map<string, ConnectionRecord>()).set(record.connection, record));
  }
}

function pairKey({ org, agent }: AgentRef, target: string): string {
  return `${org}/${agent}/${target}`;
}

/** Looks up in the read models what judging a task needs. Whatever is absent is undefined, and denies. */
export class TaskFacts {
  readonly #connections: ConnectionIndex;

  constructor(private readonly models: ReadModels) {
    this.#connections = new ConnectionIndex(models.registry);
  }

  /** Both ends of a task's connection; undefined when any of it is not known, of which registry tells the caller. */
  parties(client: AgentRef, target: string): TaskParties | undefined {
    const connection = this.#connections.find(client, target);
    if (connection === undefined) return undefined;
    const [clientOrg, targetOrg] = [this.org(connection.client.org), this.org(connection.target.org)];
    const [from, to] = [this.agent(connection.client), this.agent(connection.target)];
    if (clientOrg === undefined || targetOrg === undefined || from === undefined || to === undefined) return undefined;
    return { clientOrg, targetOrg, client: from, target: to, connection };
  }

  org(org: string): OrgRecord | undefined {
    const record = this.models.registry.get(readModelKey.org(org));
    return record?.kind === 'org' ? record : undefined;
  }

  agent(ref: AgentRef): AgentRecord | undefined {
    const record = this.models.registry.get(readModelKey.agent(ref));
    return record?.kind === 'agent' ? record : undefined;
  }

  /** Policies in force for both ends of a connection. */
  policies({ clientOrg, targetOrg, client, connection }: TaskParties): {
    readonly [K in 'clientOrg' | 'targetOrg' | 'client' | 'connection']: PolicyRecord | undefined;
  } {
    const { policy } = this.models;
    return {
      clientOrg: policy.get(readModelKey.org(clientOrg.org)),
      targetOrg: targetOrg.org === clientOrg.org ? undefined : policy.get(readModelKey.org(targetOrg.org)),
      client: policy.get(readModelKey.agent(client)),
      connection: policy.get(readModelKey.connection(connection.client.org, connection.connection)),
    };
  }

  /** The price book in force: the highest version. Without one, an empty book of version 0. */
  priceBook(): PriceBookRecord {
    let best = EMPTY_BOOK;
    for (const [, book] of this.models.budget.entries()) if (book.version > best.version) best = book;
    return best;
  }

  /** What a task will cost at most. A later round never estimates anew: the attempt's first hold has frozen amount and price book. */
  estimate(
    { roundLine: line }: TaskMessage,
    task: TaskData,
    { target, clientOrg }: TaskParties,
  ): Result<Estimate, EstimateFailure> {
    if (line?.estimateMicros !== undefined && line.priceBookVersion !== undefined)
      return {
        ok: true,
        value: { estimateMicros: parseMicros(line.estimateMicros), priceBookVersion: line.priceBookVersion },
      };
    return estimateCost(task, target.surface, pricesFor(this.priceBook(), clientOrg.org));
  }

  /** An organisation's prices in one version of the price book. */
  pricesOf(version: number, org: string): Prices | undefined {
    const book = version === 0 ? EMPTY_BOOK : this.models.budget.get(readModelKey.prices(version));
    return book === undefined ? undefined : pricesFor(book, org);
  }
}

/** The book that is in force before anybody wrote one. */
export const EMPTY_BOOK: PriceBookRecord = Object.freeze({
  v: 1,
  version: 0,
  at: '1970-01-01T00:00:00.000Z',
  kind: 'prices',
  currency: 'USD',
  entries: [],
});
