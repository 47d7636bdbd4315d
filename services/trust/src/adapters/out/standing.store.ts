import { Injectable } from '@nestjs/common';
import { formatInstant } from '@countersign/primitives';
import { TRUST_LEVELS, type TrustLevel } from '@countersign/contracts';
import { Database } from '@countersign/store';
import type { Snapshot } from '../../application/ports.js';
import type { LevelState } from '../../domain/levels.js';
import type { LineageEntry, LineageKeyType } from '../../domain/lineage.js';
import type { Written } from './following.js';

/** A viewing organisation's level of an agent. */
export interface LevelRow extends Written {
  readonly org_id: string;
  readonly agent_id: string;
  readonly level: string;
  readonly changed_at: Date;
}

/** When an agent last used an entry of a grant. */
export interface UseRow extends Written {
  readonly org_id: string;
  readonly agent_id: string;
  readonly kind: string;
  readonly entry: string;
  readonly last_used_at: Date;
  readonly declared: boolean;
}

/** What is remembered of an ended agent. */
export interface LineageRow extends Written {
  readonly org_id: string;
  readonly key_type: LineageKeyType;
  readonly key_hash: string;
  readonly agent_id: string;
  readonly negative_mass: number;
  readonly as_of: Date;
  readonly ended_at: Date;
}

interface SnapshotRow {
  readonly org_id: string;
  readonly agent_id: string;
  readonly at: Date;
  readonly score: number;
  readonly raw: number;
  readonly level: string;
  readonly families: Readonly<Record<string, number>>;
  readonly binding: readonly string[];
  readonly trigger: string;
}

/** A snapshot as it is read back. */
export type StoredSnapshot = Omit<Snapshot, 'agent' | 'masses' | 'caps' | 'algorithm' | 'trigger'> & {
  readonly agent: string;
  readonly trigger: string;
};

/** Two replicas see one change at almost the same time: within this it is one snapshot. */
const SAME_MS = 5_000;

/** Levels, snapshots, lineage and use of grants in PostgreSQL. */
@Injectable()
export class StandingStore {
  constructor(private readonly database: Database) {}

  /** Levels written from an instant on, of every organisation. */
  async levelsSince(since: string, limit: number): Promise<readonly LevelRow[]> {
    return this.#since('level_state', since, limit);
  }

  /** Uses of grants written from an instant on. */
  async usesSince(since: string, limit: number): Promise<readonly UseRow[]> {
    return this.#since('grant_use', since, limit);
  }

  /** Lineage written from an instant on. */
  async lineageSince(since: string, limit: number): Promise<readonly LineageRow[]> {
    return this.#since('lineage', since, limit);
  }

  /** Notes a level that has changed; the newest change of any replica stands. */
  async noteLevel(viewer: string, agent: string, state: LevelState, score: number): Promise<void> {
    await this.database.tenant(viewer, (tx) =>
      tx.query(
        `insert into trust.level_state as l (org_id, agent_id, level, score, changed_at) values ($1, $2, $3, $4, $5)
         on conflict (org_id, agent_id) do update set level = excluded.level, score = excluded.score, changed_at = excluded.changed_at, written_at = clock_timestamp() where l.changed_at < excluded.changed_at`,
        [viewer, agent, state.level, score, formatInstant(state.changedAt)],
      ),
    );
  }

  /** Remembers an ended agent under a key; later knowledge of it replaces earlier, and it never gets better at the same instant. */
  async remember({ org, key, agent, mass, asOf, endedAt }: LineageEntry): Promise<void> {
    await this.database.tenant(org, (tx) =>
      tx.query(
        `insert into trust.lineage as l (org_id, key_type, key_hash, agent_id, negative_mass, as_of, ended_at) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (org_id, key_type, key_hash, agent_id) do update set negative_mass = excluded.negative_mass, as_of = excluded.as_of, ended_at = least(l.ended_at, excluded.ended_at), written_at = clock_timestamp()
         where l.as_of < excluded.as_of or (l.as_of = excluded.as_of and l.negative_mass < excluded.negative_mass)`,
        [org, key.type, key.hash, agent, mass, formatInstant(asOf), formatInstant(endedAt)],
      ),
    );
  }

  /** Keeps a snapshot, unless another replica has just kept the same. */
  async keep(snapshot: Snapshot): Promise<void> {
    const { viewer, agent, at, score, raw, level, families, masses, caps, binding, algorithm, trigger } = snapshot;
    await this.database.tenant(viewer, async (tx) => {
      await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`snapshot ${viewer} ${agent.agent}`]);
      await tx.query(
        `insert into trust.snapshot (org_id, agent_org, agent_id, at, score, raw, level, families, masses, caps, binding, algorithm, trigger)
         select $1::uuid, $2::uuid, $3::uuid, $4::timestamptz, $5::int, $6::int, $7, $8::jsonb, $9::jsonb, $10::jsonb, $11::text[], $12, $13
         where not exists (select 1 from trust.snapshot s where s.org_id = $1::uuid and s.agent_id = $3::uuid and s.level = $7 and abs(s.score - $5::int) < 100
           and s.at > $4::timestamptz - $14::interval and s.at = (select max(at) from trust.snapshot n where n.org_id = $1::uuid and n.agent_id = $3::uuid)) on conflict do nothing`,
        [
          viewer,
          agent.org,
          agent.agent,
          formatInstant(at),
          score,
          raw,
          level,
          JSON.stringify(families),
          JSON.stringify(masses),
          JSON.stringify(caps),
          binding,
          algorithm,
          trigger,
          `${SAME_MS} milliseconds`,
        ],
      );
    });
  }

  /** The newest snapshot of every agent for every viewer. */
  async newestSnapshots(): Promise<readonly StoredSnapshot[]> {
    const rows = await this.database.system((tx) =>
      tx.last<SnapshotRow>(
        'select distinct on (org_id, agent_id) * from trust.snapshot order by org_id, agent_id, at desc',
      ),
    );
    return rows.flatMap(snapshotOf);
  }

  /** The newest snapshots of an agent for a viewer, newest first. */
  async history(viewer: string, agent: string, limit: number): Promise<readonly StoredSnapshot[]> {
    const rows = await this.database.tenant(viewer, (tx) =>
      tx.query<SnapshotRow>(
        'select * from trust.snapshot where org_id = $1 and agent_id = $2 order by at desc limit $3',
        [viewer, agent, limit],
      ),
    );
    return rows.flatMap(snapshotOf);
  }

  async #since<R extends object>(
    table: 'level_state' | 'grant_use' | 'lineage',
    since: string,
    limit: number,
  ): Promise<readonly R[]> {
    return this.database.system((tx) =>
      tx.last<R>(`select * from trust.${table} where written_at >= $1 order by written_at limit $2`, [since, limit]),
    );
  }
}

/** A level by its name; undefined for none that is known. */
export function levelNamed(name: string): TrustLevel | undefined {
  return TRUST_LEVELS.find((level) => level === name);
}

function snapshotOf(row: SnapshotRow): readonly StoredSnapshot[] {
  const level = levelNamed(row.level);
  const { score, raw, families, binding, trigger } = row;
  return level === undefined
    ? []
    : [
        {
          viewer: row.org_id,
          agent: row.agent_id,
          at: row.at.getTime(),
          score,
          raw,
          level,
          families,
          binding,
          trigger,
        },
      ];
}
