import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import type { AgentRef } from '@countersign/contracts';
import { ReadModels, TaskFacts } from '@countersign/service-host';
import { Logger } from '@countersign/telemetry';
import { EvidenceSource } from '../../application/ports.js';
import { Standings } from '../../application/standings.js';

const HOUR_MS = 3_600_000;

/** Computes standings anew when evidence changes and once an hour, for every organisation that holds the agent at a level: so history is complete without a task. */
@Injectable()
export class KeepStandingsWhenEvidenceChanges implements OnApplicationBootstrap {
  readonly #facts: TaskFacts;
  #hour = 0;

  constructor(
    private readonly models: ReadModels,
    private readonly evidence: EvidenceSource,
    private readonly standings: Standings,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    this.#facts = new TaskFacts(models);
  }

  onApplicationBootstrap(): void {
    this.evidence.onRefreshed((changed) => this.#recompute(changed));
  }

  #recompute(changed: readonly AgentRef[]): void {
    const now = this.clock.now();
    const hour = Math.floor(now / HOUR_MS);
    const agents = hour === this.#hour ? changed : this.#everybody();
    this.#hour = hour;
    for (const agent of agents) this.#recomputeOne(agent, now);
  }

  /** One agent whose evidence cannot be weighed keeps nobody else from a standing; judging it denies. */
  #recomputeOne(agent: AgentRef, now: number): void {
    try {
      const record = this.#facts.agent(agent);
      if (record === undefined) return;
      for (const viewer of this.evidence.viewersOf(agent.agent)) this.standings.standing(viewer, record, now);
    } catch (error) {
      this.logger.warn('a standing could not be computed', { agent: agent.agent, error });
    }
  }

  #everybody(): readonly AgentRef[] {
    return [...this.models.registry.entries()].flatMap(([, record]) => (record.kind === 'agent' ? [record] : []));
  }
}
