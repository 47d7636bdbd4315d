import { Injectable } from '@nestjs/common';
import { formatInstant } from '@countersign/primitives';
import type { AgentRef, TaskKey, TrustLevel } from '@countersign/contracts';
import { DependencyUnavailable } from '@countersign/bus';
import { Database, DatabaseUnavailable, type Tx } from '@countersign/store';
import type { ObservationKind, Observation } from '../../domain/observation.js';
import type { ChargedObservation } from '../../domain/observe-task.js';
import type { Written } from './following.js';
import { forgetUses, noteUses, useText, type UseOfAgent } from './grant-uses.js';

/** A stored observation, as it is written once. */
export interface WrittenObservation extends Written {
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
}

/** A stored observation with whether it was voided since. */
export interface ObservationRow extends WrittenObservation {
  readonly voided: boolean;
}

/** How often an agent did something wrong, with the newest observations of it and the events in the record that they came from. */
export interface ViolationRow {
  readonly kind: string;
  readonly count: number;
  readonly ids: readonly string[];
  readonly event_ids: readonly string[];
}

/** One execution of a task. */
export interface Attempt {
  readonly key: TaskKey;
  readonly attempt: number;
}

/** What a batch of transitions says, stored together. */
export interface Observed {
  readonly observations: readonly ChargedObservation[];
  readonly uses: readonly UseOfAgent[];
  readonly handOvers: readonly (Attempt & { readonly at: number })[];
  readonly ended: readonly Attempt[];
  /** Requests that people rejected: what that would charge, and whether they called it unsafe; the two are told apart, in any order. */
  readonly rejections: readonly (Attempt & { readonly unsafe: boolean; readonly draft?: ChargedObservation })[];
}

const VOIDED =
  'exists (select 1 from trust.observation_void v where v.org_id = o.org_id and v.observation_id = o.id) as voided';
const COLUMNS =
  'o.org_id, o.id, o.agent_id, o.observer_org, o.at, o.kind, o.counterparty, o.counterparty_level, o.connection_id, o.code, o.value, o.written_at';
/** For how long a use that was noted is not noted again, and how many of them are remembered. */
const NOTED_MS = 60_000;
const MOST_NOTED = 10_000;
/** Observations of one agent read at a time. */
const PAGE = 10_000;

/** Observations and what leads to them in PostgreSQL. */
@Injectable()
export class ObservationStore {
  readonly #noted = new Map<string, UseOfAgent>();

  constructor(private readonly database: Database) {}

  /** Stores a batch in one transaction. An observation's id is derived, so a redelivery changes nothing. */
  async record(observed: Observed): Promise<void> {
    const orgs = new Set([
      ...observed.observations.map(({ agent }) => agent.org),
      ...observed.uses.map(({ agent }) => agent.org),
      ...[observed.handOvers, observed.ended, observed.rejections].flat().map(({ key }) => key.org),
      ...observed.rejections.flatMap(({ draft }) => (draft === undefined ? [] : [draft.agent.org])),
    ]);
    if (orgs.size === 0) return;
    const uses = observed.uses.filter((use) => !this.#isNoted(use));
    await available(async () => {
      const added = await this.database.tenants([...orgs].sort(), async (tx) => {
        // they leave together and run in this order
        const [noted] = await Promise.all([
          noteUses(tx, uses),
          insertObservations(tx, observed.observations),
          noteHandOvers(tx, observed),
        ]);
        await this.#settleRejections(tx, observed.rejections);
        return noted;
      });
      if (added.length > 0)
        await this.database.tenants([...new Set(added.map(({ org }) => org))].sort(), (tx) => forgetUses(tx, added));
    });
    for (const use of uses) this.#noted.set(useText(use), use);
  }

  /** Whether a use was noted a moment ago: what is used all the time need not be said with every batch. */
  #isNoted(use: UseOfAgent): boolean {
    const noted = this.#noted.get(useText(use));
    if (noted !== undefined && use.at - noted.at < NOTED_MS && noted.declared === use.declared) return true;
    if (this.#noted.size >= MOST_NOTED) this.#noted.clear();
    return false;
  }

  /** When these executions were handed over (ms), of those that are still open; keys are `org/agent/task/attempt`. */
  async handedOver(attempts: readonly Attempt[]): Promise<ReadonlyMap<string, number>> {
    if (attempts.length === 0) return new Map();
    const orgs = [...new Set(attempts.map(({ key }) => key.org))].sort();
    const rows = await available(() =>
      this.database.tenants(orgs, (tx) =>
        tx.query<{ org_id: string; agent_id: string; task_id: string; attempt: number; at: Date }>(
          `select h.* from trust.hand_over h join ${attemptsTable('k')} on h.org_id = k.org_id and h.agent_id = k.agent_id and h.task_id = k.task_id and h.attempt = k.attempt`,
          attemptParams(attempts),
        ),
      ),
    );
    return new Map(rows.map((r) => [`${r.org_id}/${r.agent_id}/${r.task_id}/${r.attempt}`, r.at.getTime()]));
  }

  /** Observations written from an instant on, of every organisation, oldest first. Voids are followed by themselves. */
  async writtenSince(since: string, limit: number): Promise<readonly WrittenObservation[]> {
    return this.database.system((tx) =>
      tx.last<WrittenObservation>(
        `select ${COLUMNS} from trust.observation o where o.written_at >= $1 order by o.written_at limit $2`,
        [since, limit],
      ),
    );
  }

  /** Every observation of one agent, a page at a time. */
  async *ofAgent({ org, agent }: AgentRef): AsyncGenerator<readonly ObservationRow[]> {
    let after: Pick<ObservationRow, 'at' | 'id'> = { at: new Date(0), id: '00000000-0000-0000-0000-000000000000' };
    for (let full = true; full;) {
      const { at, id } = after;
      const rows = await this.database.tenant(org, (tx) =>
        tx.query<ObservationRow>(
          `select ${COLUMNS}, ${VOIDED} from trust.observation o where o.org_id = $1 and o.agent_id = $2 and (o.at, o.id) > ($3, $4) order by o.at, o.id limit ${PAGE}`,
          [org, agent, at.toISOString(), id],
        ),
      );
      yield rows;
      full = rows.length === PAGE;
      after = rows.at(-1) ?? after;
    }
  }

  /** Violations of an agent that are not voided: how often each kind, and the newest of each. */
  async violations({ org, agent }: AgentRef): Promise<readonly ViolationRow[]> {
    return this.database.tenant(org, (tx) =>
      tx.query<ViolationRow>(
        `select kind, count(*)::int as count, (array_agg(id order by at desc, id desc))[1:3] as ids, array_remove((array_agg(event_id order by at desc, id desc))[1:3], null) as event_ids
         from trust.observation o where org_id = $1 and agent_id = $2 and kind <> 'TASK_CLEAN' and not exists (select 1 from trust.observation_void v where v.org_id = o.org_id and v.observation_id = o.id) group by kind`,
        [org, agent],
      ),
    );
  }

  /** Takes an observation out of every score; answers whose it was, or undefined when there is none. The row stays; the first void of it stands. */
  async voidOne(
    org: string,
    id: string,
    why: { readonly reason: string; readonly by: string },
  ): Promise<{ readonly agent: string; readonly kind: string } | undefined> {
    return this.database.tenant(org, async (tx) => {
      const [row] = await tx.query<{ readonly agent_id: string; readonly kind: string }>(
        'select agent_id, kind from trust.observation where org_id = $1 and id = $2',
        [org, id],
      );
      if (row === undefined) return undefined;
      await tx.query(
        'insert into trust.observation_void (org_id, observation_id, agent_id, reason, actor) values ($1, $2, $3, $4, $5) on conflict do nothing',
        [org, id, row.agent_id, why.reason, why.by],
      );
      return { agent: row.agent_id, kind: row.kind };
    });
  }

  /** Voids written from an instant on. */
  async voidsSince(
    since: string,
    limit: number,
  ): Promise<
    readonly (Written & { readonly org_id: string; readonly observation_id: string; readonly agent_id: string })[]
  > {
    return this.database.system((tx) =>
      tx.last(
        'select org_id, observation_id, agent_id, written_at from trust.observation_void where written_at >= $1 order by written_at limit $2',
        [since, limit],
      ),
    );
  }

  /** Joins what a rejection would charge with whether it was called unsafe; whichever comes second completes the row, under its lock, and makes the observation. */
  async #settleRejections(tx: Tx, rejections: Observed['rejections']): Promise<void> {
    for (const { key, attempt, unsafe, draft } of rejections) {
      const [row] = await tx.query<{ readonly unsafe: boolean; readonly draft: ChargedObservation | null }>(
        `insert into trust.rejection as r (org_id, agent_id, task_id, attempt, unsafe, draft) values ($1, $2, $3, $4, $5, $6)
         on conflict (org_id, agent_id, task_id, attempt) do update set unsafe = r.unsafe or excluded.unsafe, draft = coalesce(r.draft, excluded.draft) returning unsafe, draft`,
        [key.org, key.agent, key.task, attempt, unsafe, draft === undefined ? null : JSON.stringify(draft)],
      );
      if (row?.unsafe === true && row.draft !== null) await insertObservations(tx, [row.draft]);
    }
  }
}

async function insertObservations(tx: Tx, all: readonly ChargedObservation[]): Promise<void> {
  if (all.length === 0) return;
  const column = <T>(pick: (c: ChargedObservation) => T): T[] => all.map(pick);
  await tx.query(
    `insert into trust.observation (org_id, id, agent_id, observer_org, at, kind, counterparty, counterparty_level, connection_id, code, value, task_id, attempt, event_id)
     select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[], $6::text[], $7::text[], $8::text[], $9::uuid[], $10::text[], $11::text[], $12::uuid[], $13::int[], $14::uuid[]) on conflict do nothing`,
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
      column((c) => c.eventId),
    ],
  );
}

async function noteHandOvers(tx: Tx, { handOvers, ended }: Observed): Promise<void> {
  if (handOvers.length > 0)
    await tx.query(
      `insert into trust.hand_over (org_id, agent_id, task_id, attempt, at) select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::timestamptz[]) on conflict do nothing`,
      [...attemptParams(handOvers), handOvers.map(({ at }) => formatInstant(at))],
    );
  if (ended.length > 0)
    await tx.query(
      `delete from trust.hand_over h using ${attemptsTable('k')} where h.org_id = k.org_id and h.agent_id = k.agent_id and h.task_id = k.task_id`,
      attemptParams(ended),
    );
}

const attemptsTable = (name: string): string =>
  `unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[]) as ${name}(org_id, agent_id, task_id, attempt)`;

function attemptParams(attempts: readonly Attempt[]): unknown[] {
  return [
    attempts.map(({ key }) => key.org),
    attempts.map(({ key }) => key.agent),
    attempts.map(({ key }) => key.task),
    attempts.map(({ attempt }) => attempt),
  ];
}

async function available<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof DatabaseUnavailable ? new DependencyUnavailable('postgresql', { cause: error }) : error;
  }
}

/** An observation as the domain knows it. */
export function observationOf(row: WrittenObservation & { readonly voided?: boolean }): Observation {
  return {
    id: row.id,
    kind: row.kind,
    at: row.at.getTime(),
    observerOrg: row.observer_org,
    counterparty: row.counterparty,
    ...(row.voided === true ? { voided: true } : {}),
    ...(row.counterparty_level === null ? {} : { counterpartyLevel: row.counterparty_level }),
    ...(row.connection_id === null ? {} : { connection: row.connection_id }),
    ...(row.code === null ? {} : { code: row.code }),
    ...(row.value === null ? {} : { value: row.value }),
  };
}
