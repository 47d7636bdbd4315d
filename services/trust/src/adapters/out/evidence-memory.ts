import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import type { AgentRef } from '@countersign/contracts';
import { Readiness } from '@countersign/service-host';
import { Logger } from '@countersign/telemetry';
import { EvidenceSource } from '../../application/ports.js';
import { DAY_MS } from '../../domain/algorithm.js';
import type { LevelState } from '../../domain/levels.js';
import type { Observation } from '../../domain/observation.js';
import { ObservationStore, OBSERVATION_PAGE } from './observation.store.js';

const POLL_MS = 1_000;
/** Rows of other replicas may commit out of the order of their time: most are found by looking back a little every time, all by looking back far now and then. */
const OVERLAP_MS = { often: 500, seldom: 20_000 };
const SELDOM_MS = 10_000;
/** Evidence that could not be read for this long denies. */
const STALE_MS = 60_000;
/** After this long nothing of an observation is left to weigh. */
const KEEP_MS = 400 * DAY_MS;

/** All evidence in memory, read from PostgreSQL at start and followed every second, so that every replica weighs the same. */
@Injectable()
export class EvidenceMemory extends EvidenceSource implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #byAgent = new Map<string, Map<string, Observation>>();
  readonly #levels = new Map<string, LevelState>();
  #since = 0;
  #lookedBackAt = 0;
  #readAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #version = 0;

  constructor(
    private readonly store: ObservationStore,
    private readonly clock: Clock,
    private readonly logger: Logger,
    readiness: Readiness,
  ) {
    super();
    readiness.add({ name: 'trust evidence', ready: () => this.fresh() });
  }

  fresh(): boolean {
    return this.clock.now() - this.#readAt <= STALE_MS;
  }

  get version(): number {
    return this.#version;
  }

  of(agent: AgentRef): readonly Observation[] {
    return [...(this.#byAgent.get(`${agent.org}/${agent.agent}`)?.values() ?? [])];
  }

  level(viewer: string, agent: string): LevelState | undefined {
    return this.#levels.get(`${viewer}/${agent}`);
  }

  setLevel(viewer: string, agent: string, state: LevelState, score: number): void {
    this.#levels.set(`${viewer}/${agent}`, state);
    void this.store
      .noteLevel({ viewer, agent, state }, score)
      .catch((error: unknown) => this.logger.warn('a level could not be written', { agent, error }));
  }

  async onApplicationBootstrap(): Promise<void> {
    for (const { viewer, agent, state } of await this.store.levels()) this.#levels.set(`${viewer}/${agent}`, state);
    await this.refresh();
    this.#timer = setInterval(
      () => void this.refresh().catch((error: unknown) => this.logger.warn('evidence could not be read', { error })),
      POLL_MS,
    ).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  /** Reads what was written since the last time. */
  async refresh(): Promise<void> {
    const started = this.clock.now();
    this.#lookBack(started);
    for (let more = true; more;) {
      const rows = await this.store.writtenSince(this.#since);
      for (const { agent, observation } of rows) this.#add(agent, observation, started);
      const last = rows.at(-1)?.writtenAt ?? this.#since;
      more = rows.length === OBSERVATION_PAGE && last > this.#since;
      this.#since = Math.max(this.#since, last);
    }
    this.#readAt = started;
  }

  #lookBack(now: number): void {
    const seldom = now - this.#lookedBackAt >= SELDOM_MS;
    if (seldom) this.#lookedBackAt = now;
    this.#since = Math.max(0, this.#since - (seldom ? OVERLAP_MS.seldom : OVERLAP_MS.often));
  }

  #add({ org, agent }: AgentRef, observation: Observation, now: number): void {
    if (now - observation.at > KEEP_MS) return;
    const key = `${org}/${agent}`;
    const known = this.#byAgent.get(key) ?? new Map<string, Observation>();
    if (known.has(observation.id)) return;
    known.set(observation.id, observation);
    this.#byAgent.set(key, known);
    this.#version += 1;
  }
}
