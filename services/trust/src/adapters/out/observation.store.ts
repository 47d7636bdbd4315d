import { Injectable } from '@nestjs/common';
import { formatInstant } from '@countersign/primitives';
import { TRUST_LEVELS, type AgentRef, type TrustLevel } from '@countersign/contracts';
import { DependencyUnavailable } from '@countersign/bus';
import { Database, DatabaseUnavailable } from '@countersign/store';
import type { LevelState } from '../../domain/levels.js';
import type { ObservationKind, Observation } from '../../domain/observation.js';
import type { ChargedObservation } from '../../domain/observe-task.js';

interface ObservationRow {
  readonly org_id: string;
  readonly id: string;
  readonly agent_id: string;
  readonly observer_org: string;
  readonly at: Date;
  readonly kind: ObservationKind;
  readonly counterparty: string;
  readonly counterparty_level: TrustLevel | null;
  readonly connection_id: string | null;
  readonly code: string | null;
  readonly value: string | null;
  readonly voided: boolean;
  readonly written_at: Date;
}

/** A stored observation with whose it is and when it was written (ms). */
export interface LoadedObservation {
  readonly agent: AgentRef;
  readonly observation: Observation;
  readonly writtenAt: number;
}

/** The viewing organisation's level of an agent. */
export interface StoredLevel {
  readonly viewer: string;
  readonly agent: string;
  readonly state: LevelState;
}

/** Observations read at a time. */
export const OBSERVATION_PAGE = 10_000;

/** Observations and levels in PostgreSQL. */
@Injectable()
export class ObservationStore {
  constructor(private readonly database: Database) {}

  /** Stores what is not there yet; an observation's id is derived, so a redelivery changes nothing. */
  async add(all: readonly ChargedObservation[]): Promise<void> {
    if (all.length === 0) return;
    const orgs = [...new Set(all.map((c) => c.agent.org))].sort();
    const column = <T>(pick: (c: ChargedObservation) => T): T[] => all.map(pick);
    try {
      await this.database.tenants(orgs, (tx) =>
        tx.query(
          `insert into trust.observation (org_id, id, agent_id, observer_org, at, kind, counterparty, counterparty_level, connection_id, code, value, task_id, attempt)
           select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[], $6::text[], $7::text[], $8::text[], $9::uuid[], $10::text[], $11::text[], $12::uuid[], $13::int[]) on conflict do nothing`,
          [
            column((c) => c.agent.org),
            column((c) => c.observation.id),
            column((c) => c.agent.agent),
            column((c) => c.observation.observerOrg ?? c.agent.org),
            column((c) => formatInstant(c.observation.at)),
            column((c) => c.observation.kind),
            column((c) => c.observation.counterparty),
            column((c) => c.observation.counterpartyLevel ?? null),
            column((c) => c.observation.connection ?? null),
            column((c) => c.observation.code ?? null),
            column((c) => c.observation.value ?? null),
            column((c) => c.taskId),
            column((c) => c.attempt),
          ],
        ),
      );
    } catch (error) {
      throw error instanceof DatabaseUnavailable ? new DependencyUnavailable('postgresql', { cause: error }) : error;
    }
  }

  /** Observations written from an instant (ms) on, of every organisation, oldest first. */
  async writtenSince(since: number): Promise<readonly LoadedObservation[]> {
    const rows = await this.database.system((tx) =>
      tx.query<ObservationRow>(
        `select * from trust.observation where written_at >= $1 order by written_at limit ${OBSERVATION_PAGE}`,
        [formatInstant(since)],
      ),
    );
    return rows.map((row) => ({
      agent: { org: row.org_id, agent: row.agent_id },
      observation: observationOf(row),
      writtenAt: row.written_at.getTime(),
    }));
  }

  /** Every level. */
  async levels(): Promise<readonly StoredLevel[]> {
    const rows = await this.database.system((tx) =>
      tx.query<{
        readonly org_id: string;
        readonly agent_id: string;
        readonly level: string;
        readonly changed_at: Date;
      }>('select org_id, agent_id, level, changed_at from trust.level_state'),
    );
    return rows.flatMap((row) => {
      const level = TRUST_LEVELS.find((name) => name === row.level);
      return level === undefined
        ? []
        : [{ viewer: row.org_id, agent: row.agent_id, state: { level, changedAt: row.changed_at.getTime() } }];
    });
  }

  /** Notes a level that has changed; the newest change of any replica stands. */
  async noteLevel({ viewer, agent, state }: StoredLevel, score: number): Promise<void> {
    await this.database.tenant(viewer, (tx) =>
      tx.query(
        `insert into trust.level_state as l (org_id, agent_id, level, score, changed_at) values ($1, $2, $3, $4, $5)
         on conflict (org_id, agent_id) do update set level = excluded.level, score = excluded.score, changed_at = excluded.changed_at where l.changed_at < excluded.changed_at`,
        [viewer, agent, state.level, score, formatInstant(state.changedAt)],
      ),
    );
  }
}

function observationOf(row: ObservationRow): Observation {
  return {
    id: row.id,
    kind: row.kind,
    at: row.at.getTime(),
    observerOrg: row.observer_org,
    counterparty: row.counterparty,
    voided: row.voided,
    ...(row.counterparty_level === null ? {} : { counterpartyLevel: row.counterparty_level }),
    ...(row.connection_id === null ? {} : { connection: row.connection_id }),
    ...(row.code === null ? {} : { code: row.code }),
    ...(row.value === null ? {} : { value: row.value }),
  };
}
