import type { AgentEvidence } from '../../application/ports.js';
import type { Ceiling, Probation } from '../../domain/evidence.js';
import { Ledger } from '../../domain/ledger.js';
import { BoundedUses } from '../../domain/bounded-uses.js';
import { GRANT_KINDS } from '../../domain/least-privilege.js';
import type { Observation } from '../../domain/observation.js';
import type { Posture } from '../../domain/posture.js';
import type { UseRow } from './standing.store.js';
import type { PostureRow, RestrictionRow } from './statement.store.js';

interface Stated<T> {
  readonly order: string;
  readonly value: T;
}

/** Everything in memory about one agent. Taking a row twice, or rows in another order, comes to the same. */
export class AgentFile {
  #version = 0;
  #ledger = new Ledger();
  readonly #posture = new Map<string, Stated<Posture>>();
  readonly #uses = new BoundedUses();
  #ceiling: Stated<Ceiling | undefined> | undefined;
  #probation: Stated<Probation | undefined> | undefined;

  /** What the domain computes with, at an instant (ms). */
  evidence(now: number): AgentEvidence {
    return {
      version: this.#version,
      observations: this.#ledger.observations(now),
      posture: [...this.#posture.values()].map(({ value }) => value),
      uses: this.#uses.all,
      ceiling: this.#ceiling?.value,
      probation: this.#probation?.value,
    };
  }

  /** Takes an observation; tells whether anything has changed. */
  observe(observation: Observation, now: number): boolean {
    return this.#changed(this.#ledger.add(observation, now));
  }

  /** Puts other observations in the place of all: after a void. */
  replace(ledger: Ledger): void {
    this.#ledger = ledger;
    this.#changed(true);
  }

  /** Takes a statement of posture when it is newer than the one held. */
  state(row: PostureRow): boolean {
    const order = orderOf(row);
    if ((this.#posture.get(row.fact)?.order ?? '') >= order) return false;
    this.#posture.set(row.fact, { order, value: postureOf(row) });
    return this.#changed(true);
  }

  /** Takes a restriction when it is newer than the one of its kind. */
  restrict(row: RestrictionRow): boolean {
    const order = orderOf(row);
    const held = row.kind === 'CEILING' ? this.#ceiling : this.#probation;
    if ((held?.order ?? '') >= order) return false;
    const { until, reason, score } = row;
    const end = until?.getTime();
    if (row.kind === 'PROBATION')
      this.#probation = { order, value: end === undefined ? undefined : { until: end, reason } };
    else
      this.#ceiling = { order, value: end === undefined || score === null ? undefined : { until: end, reason, score } };
    return this.#changed(true);
  }

  /** Takes the last use of a grant. */
  use({ kind: name, entry, last_used_at: last, declared }: UseRow): boolean {
    const kind = GRANT_KINDS.find((known) => known === name);
    return kind !== undefined && this.#changed(this.#uses.take({ kind, entry, at: last.getTime(), declared }));
  }

  #changed(changed: boolean): boolean {
    if (changed) this.#version += 1;
    return changed;
  }
}

/** Of two rows the one that was written later stands; of one instant that with the higher id, on every replica. */
function orderOf({ written_at, id }: { readonly written_at: Date; readonly id: string }): string {
  return `${written_at.toISOString()} ${id}`;
}

/** A statement as the domain knows it. */
export function postureOf(row: PostureRow): Posture {
  return {
    fact: row.fact,
    value: row.value,
    source: row.source,
    observedAt: row.observed_at.getTime(),
    expiresAt: row.expires_at?.getTime(),
    by: row.actor,
  };
}
