import { Injectable } from '@nestjs/common';
import { formatInstant } from '@countersign/primitives';
import type { AgentRecord, ConnectionRecord, NegativeSummary, TrustBreakdown } from '@countersign/contracts';
import { ReadModels, TaskFacts } from '@countersign/service-host';
import { ALGORITHM, BOUNDS, WEIGHTS } from '../domain/algorithm.js';
import type { Evidence } from '../domain/evidence.js';
import type { CheckedGate } from '../domain/gates.js';
import { weigh } from '../domain/masses.js';
import { boundOf } from '../domain/observation.js';
import { whatWouldHelp } from '../domain/what-would-help.js';
import { ConnectionsOf } from './connections-of.js';
import { Gatekeeper } from './gatekeeper.js';
import { Standings, type FullStanding } from './standings.js';

/** How often a kind of violation stands in the rows, and where. */
export interface Violation {
  readonly kind: string;
  readonly count: number;
  readonly ids: readonly string[];
  readonly event_ids: readonly string[];
}

/** Everything that can be said of an agent's trust: what `trust show` tells. */
@Injectable()
export class Dossier {
  readonly #connections: ConnectionsOf;
  readonly #facts: TaskFacts;

  constructor(
    models: ReadModels,
    private readonly standings: Standings,
    private readonly gatekeeper: Gatekeeper,
  ) {
    this.#connections = new ConnectionsOf(models.registry);
    this.#facts = new TaskFacts(models);
  }

  /** The breakdown of an agent for a viewer at an instant (ms). Nothing is kept of it. */
  of(viewer: string, agent: AgentRecord, violations: readonly Violation[], now: number): TrustBreakdown {
    const standing = this.standings.look(viewer, agent, now);
    const { breakdown, state } = standing;
    const evidence = this.standings.evidenceOf(viewer, agent, now);
    const { unused } = this.standings.privilege(agent, now);
    return {
      agent: agent.agent,
      name: agent.name,
      viewer,
      algorithm: ALGORITHM,
      at: formatInstant(now),
      score: breakdown.score,
      level: state.level,
      levelOfScore: breakdown.level,
      levelSince: formatInstant(state.changedAt),
      raw: breakdown.raw,
      families: familiesOf(standing, topOf(evidence, violations, now)),
      caps: breakdown.caps.map(({ cap, limit, why, until }) => ({
        cap,
        limit,
        binding: breakdown.binding.includes(cap),
        why,
        ...(until === undefined ? {} : { until: formatInstant(until) }),
      })),
      binding: [...breakdown.binding],
      whatWouldHelp: [...whatWouldHelp({ breakdown, state, now, unusedGrants: unused })],
      gates: this.#gates(agent, now),
    };
  }

  /** Gates of every connection of an agent: on which it asks, and on which it is asked. */
  #gates(agent: AgentRecord, now: number): TrustBreakdown['gates'] {
    const connections = [...this.#connections.of('client', agent), ...this.#connections.of('target', agent)];
    return connections.flatMap((connection) => {
      if (connection.status === 'DISCONNECTED') return [];
      const isClient = connection.client.agent === agent.agent;
      return this.#gatesOn(connection, now)
        .filter(({ gate }) => gate.startsWith('target:') !== isClient)
        .map(({ gate, required, actual: { score, level }, pass, side }) => {
          const askedBy = side === 'target' ? connection.target.org : connection.client.org;
          const named = { gate: `${this.#nameOf(connection)}: ${gate}`, pass };
          // what another organisation asks of its partners is its own business
          return askedBy === agent.org ? { ...named, required, actual: { score, level } } : named;
        });
    });
  }

  #gatesOn(connection: ConnectionRecord, now: number): readonly CheckedGate[] {
    const parties = this.#facts.parties(connection.client, connection.target.agent);
    return parties === undefined ? [] : this.gatekeeper.check(parties, now, 'look').gates;
  }

  #nameOf({ client, target }: ConnectionRecord): string {
    return `${this.#facts.agent(client)?.name ?? client.agent} -> ${this.#facts.agent(target)?.name ?? target.agent}`;
  }
}

function familiesOf({ breakdown }: FullStanding, top: NegativeSummary[]): TrustBreakdown['families'] {
  const { families, facts, masses, expectation } = breakdown;
  const family = (name: keyof typeof WEIGHTS): TrustBreakdown['families']['identity'] => ({
    points: families[name],
    max: WEIGHTS[name],
    facts: [...facts[name]],
  });
  return {
    identity: family('identity'),
    behaviour: {
      ...family('behaviour'),
      expectation,
      positiveMass: masses.positive,
      negativeMass: masses.negative,
      inheritedMass: masses.inherited,
      activeDays: masses.activeDays,
      top,
    },
    compliance: family('compliance'),
    security: family('security'),
    reputation: family('reputation'),
  };
}

const MOST_KINDS = 5;

/** Kinds that weigh most. The mass of a kind is what its events alone would weigh. */
function topOf(evidence: Evidence, violations: readonly Violation[], now: number): NegativeSummary[] {
  return violations
    .map(({ kind, count, ids, event_ids: events }) => ({
      kind,
      count,
      mass: massOf(evidence, kind, now),
      dayCap: dayCapOf(kind),
      observations: [...ids],
      auditIds: [...events],
    }))
    .sort((a, b) => b.mass - a.mass)
    .slice(0, MOST_KINDS);
}

function massOf(evidence: Evidence, kind: string, now: number): number {
  const observations = evidence.observations.filter((o) => o.kind === kind);
  return weigh({ ...evidence, observations, inheritedNegative: 0 }, now).negative;
}

function dayCapOf(kind: string): string | null {
  switch (boundOf(kind)) {
    case 'kind':
      return `${BOUNDS.lowPerDay.toFixed(1)} a day`;
    case 'client-medium':
      return `${BOUNDS.clientMediumPerDay.toFixed(1)} a day with all of its sort`;
    case 'target':
      return `${BOUNDS.targetPerGroupAndDay.toFixed(1)} a day for each client group`;
    case 'none':
    case undefined:
      return null;
  }
}
