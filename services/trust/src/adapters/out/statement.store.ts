import { Injectable } from '@nestjs/common';
import { formatInstant, Random, uuidV7 } from '@countersign/primitives';
import type { AgentRef, PostureFactName } from '@countersign/contracts';
import { Database } from '@countersign/store';
import type { Posture } from '../../domain/posture.js';
import type { Written } from './following.js';

/** A stored statement of posture; the newest of a fact stands. */
export interface PostureRow extends Written {
  readonly org_id: string;
  readonly agent_id: string;
  readonly id: string;
  readonly fact: PostureFactName;
  readonly value: unknown;
  readonly source: string;
  readonly observed_at: Date;
  readonly expires_at: Date | null;
  readonly actor: string;
}

/** A stored restriction; the newest of a kind stands, and one without an end lifts it. */
export interface RestrictionRow extends Written {
  readonly org_id: string;
  readonly agent_id: string;
  readonly id: string;
  readonly kind: 'CEILING' | 'PROBATION';
  readonly score: number | null;
  readonly until: Date | null;
  readonly reason: string;
}

/** A restriction as it is stated. */
export interface Restriction {
  readonly kind: RestrictionRow['kind'];
  readonly score: number | null;
  /** In ms; null lifts it. */
  readonly until: number | null;
  readonly reason: string;
  readonly by: string;
}

/** What people and tools stated about agents, in PostgreSQL: rows are only added. */
@Injectable()
export class StatementStore {
  constructor(
    private readonly database: Database,
    private readonly random: Random,
  ) {}

  /** Adds a statement of posture. */
  async putPosture({ org, agent }: AgentRef, posture: Posture, now: number): Promise<void> {
    await this.database.tenant(org, (tx) =>
      tx.query(
        'insert into trust.posture (org_id, agent_id, fact, id, value, source, observed_at, expires_at, actor) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)',
        [
          org,
          agent,
          posture.fact,
          uuidV7(now, this.random),
          JSON.stringify(posture.value),
          posture.source,
          formatInstant(posture.observedAt),
          posture.expiresAt === undefined ? null : formatInstant(posture.expiresAt),
          posture.by,
        ],
      ),
    );
  }

  /** The statement of every fact that stands. */
  async posture({ org, agent }: AgentRef): Promise<readonly PostureRow[]> {
    return this.database.tenant(org, (tx) =>
      tx.query<PostureRow>(
        'select distinct on (fact) * from trust.posture where org_id = $1 and agent_id = $2 order by fact, written_at desc, id desc',
        [org, agent],
      ),
    );
  }

  /** Adds a restriction or lifts one. `admit` sees the one of its kind that stands, under a lock, and throws to refuse. */
  async restrict(
    { org, agent }: AgentRef,
    { kind, score, until, reason, by }: Restriction,
    now: number,
    admit: (held: RestrictionRow | undefined) => void = () => undefined,
  ): Promise<void> {
    await this.database.tenant(org, async (tx) => {
      await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`restriction ${org} ${agent} ${kind}`]);
      const [held] = await tx.query<RestrictionRow>(
        'select * from trust.restriction where org_id = $1 and agent_id = $2 and kind = $3 order by written_at desc, id desc limit 1',
        [org, agent, kind],
      );
      admit(held);
      await tx.query(
        'insert into trust.restriction (org_id, agent_id, kind, id, score, until, reason, actor) values ($1, $2, $3, $4, $5, $6, $7, $8)',
        [org, agent, kind, uuidV7(now, this.random), score, until === null ? null : formatInstant(until), reason, by],
      );
    });
  }

  /** Statements of posture written from an instant on. */
  async postureSince(since: string, limit: number): Promise<readonly PostureRow[]> {
    return this.#since('posture', since, limit);
  }

  /** Restrictions written from an instant on. */
  async restrictionsSince(since: string, limit: number): Promise<readonly RestrictionRow[]> {
    return this.#since('restriction', since, limit);
  }

  async #since<R extends object>(
    table: 'posture' | 'restriction',
    since: string,
    limit: number,
  ): Promise<readonly R[]> {
    return this.database.system((tx) =>
      tx.last<R>(`select * from trust.${table} where written_at >= $1 order by written_at limit $2`, [since, limit]),
    );
  }
}
