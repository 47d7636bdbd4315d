import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import type { AgentRef } from '@countersign/contracts';
import { Readiness, ServiceConfig } from '@countersign/service-host';
import { Logger } from '@countersign/telemetry';
import { EvidenceSource, type AgentEvidence, type Snapshot } from '../../application/ports.js';
import { Ledger } from '../../domain/ledger.js';
import type { LevelState } from '../../domain/levels.js';
import type { LineageEntry, LineageKey } from '../../domain/lineage.js';
import type { TrustConfig } from '../../trust.config.js';
import { AgentFile } from './agent-file.js';
import { Following } from './following.js';
import { ObservationStore, observationOf, type WrittenObservation } from './observation.store.js';
import { levelNamed, StandingStore, type LevelRow, type LineageRow } from './standing.store.js';
import { StatementStore } from './statement.store.js';
import { TransitionLag } from './transition-lag.js';

const POLL_MS = 1_000;
const PAGE = { observations: 10_000, others: 2_000 };

interface OfAgent {
  readonly org_id: string;
  readonly agent_id: string;
}

/** All evidence in memory, read from PostgreSQL at start and followed every second, so that every replica weighs the same. */
@Injectable()
export class EvidenceMemory extends EvidenceSource implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #files = new Map<string, AgentFile>();
  readonly #levels = new Map<string, Map<string, LevelState>>();
  readonly #lineage = new Map<string, Map<string, LineageEntry>>();
  readonly #snapshots = new Map<string, Pick<Snapshot, 'at' | 'score' | 'level'>>();
  readonly #voided = new Set<string>();
  readonly #listeners: ((changed: readonly AgentRef[]) => void)[] = [];
  readonly #changed = new Map<string, AgentRef>();
  readonly #followed: readonly ((now: number) => Promise<void>)[];
  readonly #maxLagMs: number;
  #readAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> | undefined;

  constructor(
    private readonly observations: ObservationStore,
    statements: StatementStore,
    private readonly standings: StandingStore,
    private readonly lag: TransitionLag,
    private readonly clock: Clock,
    private readonly logger: Logger,
    config: ServiceConfig,
    readiness: Readiness,
  ) {
    super();
    this.#maxLagMs = (config.values as TrustConfig).COUNTERSIGN_TRUST_MAX_LAG_SECONDS * 1_000;
    this.#followed = this.#follow(statements);
    readiness.add({ name: 'trust evidence', ready: () => this.fresh() });
  }

  fresh(): boolean {
    return this.clock.now() - Math.min(this.#readAt, this.lag.heardUntil) <= this.#maxLagMs;
  }

  of({ org, agent }: AgentRef, now: number): AgentEvidence {
    return this.#file(org, agent).evidence(now);
  }

  lineage(org: string, keys: readonly LineageKey[]): readonly LineageEntry[] {
    return keys.flatMap(({ type, hash }) => [...(this.#lineage.get(`${org}/${type}/${hash}`)?.values() ?? [])]);
  }

  level(viewer: string, agent: string): LevelState | undefined {
    return this.#levels.get(agent)?.get(viewer);
  }

  setLevel(viewer: string, agent: string, state: LevelState, score: number): void {
    this.#hold(viewer, agent, state);
    this.#inBackground('a level', agent, this.standings.noteLevel(viewer, agent, state, score));
  }

  viewersOf(agent: string): readonly string[] {
    return [...(this.#levels.get(agent)?.keys() ?? [])];
  }

  lastSnapshot(viewer: string, agent: string): Pick<Snapshot, 'at' | 'score' | 'level'> | undefined {
    return this.#snapshots.get(`${viewer}/${agent}`);
  }

  keepSnapshot(snapshot: Snapshot): void {
    this.#snapshots.set(`${snapshot.viewer}/${snapshot.agent.agent}`, snapshot);
    this.#inBackground('a snapshot', snapshot.agent.agent, this.standings.keep(snapshot));
  }

  onRefreshed(listener: (changed: readonly AgentRef[]) => void): void {
    this.#listeners.push(listener);
  }

  async onApplicationBootstrap(): Promise<void> {
    for (const found of await this.standings.newestSnapshots())
      this.#snapshots.set(`${found.viewer}/${found.agent}`, found);
    await this.refresh();
    this.#timer = setInterval(() => {
      this.#reading ??= this.refresh()
        .catch((error: unknown) => this.logger.warn('evidence could not be read', { error }))
        .finally(() => (this.#reading = undefined));
    }, POLL_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#reading;
  }

  /** Reads what was written since the last time, and tells whose evidence has changed. */
  async refresh(): Promise<void> {
    const started = this.clock.now();
    await Promise.all(this.#followed.map((follow) => follow(started)));
    this.#readAt = started;
    const changed = [...this.#changed.values()];
    this.#changed.clear();
    for (const listener of this.#listeners) listener(changed);
  }

  #follow(statements: StatementStore): readonly ((now: number) => Promise<void>)[] {
    const { observations, standings } = this;
    const observed = new Following(PAGE.observations, (since, limit) => observations.writtenSince(since, limit));
    const voids = new Following(PAGE.others, (since, limit) => observations.voidsSince(since, limit));
    const posture = new Following(PAGE.others, (since, limit) => statements.postureSince(since, limit));
    const restricted = new Following(PAGE.others, (since, limit) => statements.restrictionsSince(since, limit));
    const uses = new Following(PAGE.others, (since, limit) => standings.usesSince(since, limit));
    const lineage = new Following(PAGE.others, (since, limit) => standings.lineageSince(since, limit));
    const levels = new Following(PAGE.others, (since, limit) => standings.levelsSince(since, limit));
    return [
      async (now) => {
        await observed.follow(now, (row) => this.#observe(row, now));
        const voided = new Map<string, AgentRef & { readonly observation: string }>();
        await voids.follow(now, ({ observation_id: observation, org_id: org, agent_id: agent }) => {
          if (!this.#voided.has(observation)) voided.set(observation, { org, agent, observation });
        });
        for (const agent of new Map([...voided.values()].map((v) => [v.agent, v])).values())
          await this.#readAnew(agent, now);
        // only now: whoever failed in between finds them again
        for (const observation of voided.keys()) this.#voided.add(observation);
      },
      (now) => posture.follow(now, (row) => this.#note(row, (file) => file.state(row))),
      (now) => restricted.follow(now, (row) => this.#note(row, (file) => file.restrict(row))),
      (now) => uses.follow(now, (row) => this.#note(row, (file) => file.use(row))),
      (now) => lineage.follow(now, (row) => this.#inherit(row)),
      (now) => levels.follow(now, (row) => this.#take(row)),
    ];
  }

  /** Rows are read more than once: one that was voided meanwhile must not come back. */
  #observe(row: WrittenObservation, now: number): void {
    if (this.#voided.has(row.id)) return;
    this.#note(row, (file) => file.observe(observationOf(row), now));
  }

  #note({ org_id: org, agent_id: agent }: OfAgent, take: (file: AgentFile) => boolean): void {
    if (take(this.#file(org, agent))) this.#changed.set(agent, { org, agent });
  }

  /** A void can bring back what it had pushed out: only the rows tell. */
  async #readAnew({ org, agent }: AgentRef, now: number): Promise<void> {
    const ledger = new Ledger();
    for await (const rows of this.observations.ofAgent({ org, agent }))
      for (const row of rows) ledger.add(observationOf(row), now);
    this.#file(org, agent).replace(ledger);
    this.#changed.set(agent, { org, agent });
  }

  #file(org: string, agent: string): AgentFile {
    const key = `${org}/${agent}`;
    const file = this.#files.get(key) ?? new AgentFile();
    this.#files.set(key, file);
    return file;
  }

  #inherit(row: LineageRow): void {
    const key = `${row.org_id}/${row.key_type}/${row.key_hash}`;
    const entries = this.#lineage.get(key) ?? new Map<string, LineageEntry>();
    this.#lineage.set(key, entries);
    entries.set(row.agent_id, {
      org: row.org_id,
      key: { type: row.key_type, hash: row.key_hash },
      agent: row.agent_id,
      mass: row.negative_mass,
      asOf: row.as_of.getTime(),
      endedAt: row.ended_at.getTime(),
    });
  }

  #take(row: LevelRow): void {
    const level = levelNamed(row.level);
    const changedAt = row.changed_at.getTime();
    const held = this.level(row.org_id, row.agent_id);
    if (level !== undefined && (held === undefined || held.changedAt < changedAt))
      this.#hold(row.org_id, row.agent_id, { level, changedAt });
  }

  #hold(viewer: string, agent: string, state: LevelState): void {
    const levels = this.#levels.get(agent) ?? new Map<string, LevelState>();
    this.#levels.set(agent, levels.set(viewer, state));
  }

  #inBackground(what: string, agent: string, written: Promise<void>): void {
    written.catch((error: unknown) => this.logger.warn(`${what} could not be written`, { agent, error }));
  }
}
