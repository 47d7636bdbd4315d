import { formatInstant } from '@countersign/primitives';
import { NEUTRAL_SURFACE, readModelKey, type AgentRecord, type ConnectionRecord } from '@countersign/contracts';
import type { ReadModels } from '@countersign/service-host';

type Listener = (key: string, record: unknown) => void;

class FakeModel {
  readonly #records = new Map<string, unknown>();
  readonly #listeners: Listener[] = [];

  put(key: string, record: unknown): void {
    this.#records.set(key, record);
    for (const listener of this.#listeners) listener(key, record);
  }

  get(key: string): unknown {
    return this.#records.get(key);
  }

  entries(): IterableIterator<[string, unknown]> {
    return this.#records.entries();
  }

  onChange(listener: Listener): void {
    this.#listeners.push(listener);
  }
}

/** What registry and policy publish, as a test says. */
export class FakeModels {
  readonly registry = new FakeModel();
  readonly policy = new FakeModel();
  /** Whether the models are young enough. */
  fresh = true;

  all(): readonly { readonly name: string; readonly fresh: () => boolean }[] {
    return [{ name: 'registry', fresh: () => this.fresh }];
  }

  /** Publishes organisations, agents or connections. */
  publish(
    ...records: readonly (AgentRecord | ConnectionRecord | { readonly kind: 'org'; readonly org: string })[]
  ): void {
    for (const record of records)
      this.registry.put(
        record.kind === 'agent'
          ? readModelKey.agent(record)
          : record.kind === 'org'
            ? readModelKey.org(record.org)
            : readModelKey.connection(record.client.org, record.connection),
        record,
      );
  }

  /** Seen as what a service reads. */
  get models(): ReadModels {
    return this as unknown as ReadModels;
  }
}

/** An agent over the bus with a secret of yesterday, registered by an operator. */
export function anAgentRecord(
  now: number,
  change: Partial<AgentRecord> & Pick<AgentRecord, 'org' | 'agent'>,
): AgentRecord {
  const at = formatInstant(now - 86_400_000);
  return {
    v: 1,
    version: 1,
    at,
    kind: 'agent',
    name: `a-${change.agent.slice(-6)}`,
    status: 'ACTIVE',
    epoch: 1,
    communication: true,
    mayOriginate: true,
    surface: NEUTRAL_SURFACE,
    owner: 'alice',
    registeredBy: 'operator:local',
    registration: 'OPERATOR',
    registeredAt: at,
    credentials: [{ kind: 'SECRET_JWT', createdAt: at, expiresAt: formatInstant(now + 90 * 86_400_000) }],
    ...change,
  };
}

/** An active connection from one agent to another. */
export function aConnectionRecord(
  change: Pick<ConnectionRecord, 'connection' | 'client' | 'target'> & Partial<ConnectionRecord>,
): ConnectionRecord {
  return {
    v: 1,
    version: 1,
    at: '2026-01-01T00:00:00.000Z',
    kind: 'connection',
    status: 'ACTIVE',
    epoch: 1,
    handOver: 'AT_MOST_ONCE',
    sandbox: false,
    requiredApprovals: 1,
    ...change,
  };
}
