import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock, parseInstant } from '@countersign/primitives';
import type { AgentRecord, AgentRef } from '@countersign/contracts';
import { ReadModels, TaskFacts } from '@countersign/service-host';
import { Logger } from '@countersign/telemetry';
import { EvidenceSource } from '../../application/ports.js';
import { Standings } from '../../application/standings.js';
import { hasEnded, lineageKeys, type LineageEntry } from '../../domain/lineage.js';
import { weigh } from '../../domain/masses.js';
import { softwareDigestOf } from '../../domain/posture.js';
import { StandingStore } from '../out/standing.store.js';

/** Remembers the violations of an agent that was revoked or decommissioned under what a successor would be known by, and again when more of it comes to light. */
@Injectable()
export class RememberWhenAgentsEnd implements OnApplicationBootstrap {
  readonly #facts: TaskFacts;
  readonly #open = new Map<string, AgentRef>();
  #writing = false;

  constructor(
    private readonly models: ReadModels,
    private readonly evidence: EvidenceSource,
    private readonly standings: Standings,
    private readonly store: StandingStore,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    this.#facts = new TaskFacts(models);
  }

  onApplicationBootstrap(): void {
    for (const [, record] of this.models.registry.entries()) if (record.kind === 'agent') this.#note(record);
    this.models.registry.onChange((_key, record) => {
      if (record.kind === 'agent') this.#note(record);
    });
    this.evidence.onRefreshed((changed) => {
      for (const agent of changed) this.#note(this.#facts.agent(agent));
      void this.#remember();
    });
  }

  #note(record: AgentRecord | undefined): void {
    if (record !== undefined && hasEnded(record)) this.#open.set(record.agent, record);
  }

  /** What could not be written is tried again after the next look at the evidence. */
  async #remember(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    const open = [...this.#open.values()];
    this.#open.clear();
    for (const ref of open) await this.#rememberOne(ref);
    this.#writing = false;
  }

  async #rememberOne(ref: AgentRef): Promise<void> {
    try {
      const record = this.#facts.agent(ref);
      for (const entry of record === undefined ? [] : this.#entriesOf(record)) await this.store.remember(entry);
    } catch (error) {
      this.#open.set(ref.agent, ref);
      this.logger.warn('the record of an ended agent could not be kept', { agent: ref.agent, error });
    }
  }

  /** The mass at the instant of the newest observation, or of the end: the same on every replica. */
  #entriesOf(record: AgentRecord): readonly LineageEntry[] {
    const now = this.clock.now();
    const endedAt = parseInstant(record.at);
    const { observations, posture } = this.evidence.of(record, now);
    const asOf = observations.reduce((latest, o) => (o.at <= now ? Math.max(latest, o.at) : latest), endedAt);
    const { negative: mass } = weigh(this.standings.evidenceOf(record.org, record, asOf), asOf);
    if (mass <= 0) return [];
    return lineageKeys(record, softwareDigestOf(posture)).map((key) => ({
      org: record.org,
      key,
      agent: record.agent,
      mass,
      asOf,
      endedAt,
    }));
  }
}
