import { Injectable } from '@nestjs/common';
import { formatInstant } from '@countersign/primitives';
import { DependencyUnavailable } from '@countersign/bus';
import { Database, DatabaseUnavailable, type Tx } from '@countersign/store';
import { periodAfter, type Period } from '../../domain/period.js';

/** An organisation and the zone that its record names now. */
export interface OrgZone {
  readonly org: string;
  readonly zone: string;
}

interface CalendarRow {
  readonly org_id: string;
  readonly period: string;
  readonly zone: string;
  readonly starts_at: Date;
  readonly ends_at: Date;
}

/**
 * Periods of organisations. A period that has begun never changes, so a replica remembers it until its end; a zone that was changed meanwhile holds from the next one.
 */
@Injectable()
export class CalendarStore {
  readonly #known = new Map<string, Period>();

  constructor(private readonly database: Database) {}

  /** The period of an instant of each organisation; begins those that have not begun. */
  async periods(orgs: readonly OrgZone[], now: number): Promise<ReadonlyMap<string, Period>> {
    const zones = new Map(orgs.map(({ org, zone }) => [org, zone]));
    const missing = [...zones.keys()].filter((org) => !this.#running(org, now)).sort();
    if (missing.length > 0) await this.#begin(missing, zones, now);
    return new Map([...zones.keys()].flatMap((org) => present(org, this.#known.get(org))));
  }

  /** The period of an instant, without beginning it. */
  async look({ org, zone }: OrgZone, now: number): Promise<Period> {
    const known = this.#known.get(org);
    if (known !== undefined && now < known.end) return known;
    const last = await this.#tenants([org], (tx) => latest(tx, [org]));
    return periodAfter(last.get(org), zone, now);
  }

  #running(org: string, now: number): boolean {
    const known = this.#known.get(org);
    return known !== undefined && now < known.end;
  }

  /** One at a time per organisation, so that two replicas that saw different zones never begin two periods. */
  async #begin(orgs: readonly string[], zones: ReadonlyMap<string, string>, now: number): Promise<void> {
    const periods = await this.#tenants(orgs, async (tx) => {
      await tx.query(
        "select pg_advisory_xact_lock(hashtextextended('calendar/' || k, 0)) from (select k from unnest($1::text[]) as k order by k) sorted",
        [orgs],
      );
      const last = await latest(tx, orgs);
      const begun = orgs.map((org) => [org, periodAfter(last.get(org), zones.get(org) ?? '', now)] as const);
      await insert(
        tx,
        begun.filter(([org, period]) => last.get(org) !== period),
      );
      return begun;
    });
    for (const [org, period] of periods) this.#known.set(org, period);
  }

  async #tenants<T>(orgs: readonly string[], run: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      return await this.database.tenants(orgs, run);
    } catch (error) {
      if (error instanceof DatabaseUnavailable) throw new DependencyUnavailable('postgresql', { cause: error });
      throw error;
    }
  }
}

function present(org: string, period: Period | undefined): readonly (readonly [string, Period])[] {
  return period === undefined ? [] : [[org, period]];
}

async function latest(tx: Tx, orgs: readonly string[]): Promise<ReadonlyMap<string, Period>> {
  const rows = await tx.query<CalendarRow>(
    'select distinct on (org_id) org_id, period, zone, starts_at, ends_at from budget.calendar where org_id = any ($1::uuid[]) order by org_id, period desc',
    [orgs],
  );
  return new Map(
    rows.map((row) => [
      row.org_id,
      { key: row.period, zone: row.zone, start: row.starts_at.getTime(), end: row.ends_at.getTime() },
    ]),
  );
}

async function insert(tx: Tx, all: readonly (readonly [org: string, period: Period])[]): Promise<void> {
  if (all.length === 0) return;
  await tx.query(
    'insert into budget.calendar (org_id, period, zone, starts_at, ends_at) select * from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[])',
    [
      all.map(([org]) => org),
      all.map(([, p]) => p.key),
      all.map(([, p]) => p.zone),
      all.map(([, p]) => formatInstant(p.start)),
      all.map(([, p]) => formatInstant(p.end)),
    ],
  );
}
