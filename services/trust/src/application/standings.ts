import { Injectable } from '@nestjs/common';
import { parseInstant } from '@countersign/primitives';
import { readModelKey, type AgentRecord, type AgentRef, type Policy } from '@countersign/contracts';
import { ReadModels } from '@countersign/service-host';
import { ALGORITHM, assertWeights, DAY_MS } from '../domain/algorithm.js';
import type { Evidence, SecurityFacts } from '../domain/evidence.js';
import type { Standing } from '../domain/gates.js';
import { privilegeOf, type Privilege } from '../domain/least-privilege.js';
import { nextLevel, type LevelState } from '../domain/levels.js';
import { inheritedMass, lineageKeys } from '../domain/lineage.js';
import { complianceOf, softwareDigestOf } from '../domain/posture.js';
import { scoreOf, type ScoreBreakdown } from '../domain/score.js';
import { ConnectionsOf } from './connections-of.js';
import { EvidenceSource, type AgentEvidence, type Snapshot } from './ports.js';

/** Life of a user token that the auth callout gives for an id and secret: ten minutes at most, which counts as 300 s. */
const TOKEN_TTL_SECONDS = 300;
const ROTATION_MS = 90 * DAY_MS;
/** The same evidence gives the same score for this long; decay within it is far below a hundredth. */
const REUSE_MS = 1_000;
/** A score that has moved by this much (hundredths) is worth keeping, and any score once a day. */
const SNAPSHOT = { points: 100, everyMs: DAY_MS };

interface Remembered {
  readonly at: number;
  readonly evidenceVersion: number;
  readonly agentVersion: number;
  readonly breakdown: ScoreBreakdown;
}

/** Where an agent stands with everything that made it. */
export interface FullStanding extends Standing {
  readonly breakdown: ScoreBreakdown;
  readonly state: LevelState;
}

/** Where agents stand, for an organisation that looks at them. */
@Injectable()
export class Standings {
  readonly #remembered = new Map<string, Remembered>();
  readonly #connections: ConnectionsOf;

  constructor(
    private readonly evidence: EvidenceSource,
    private readonly models: ReadModels,
  ) {
    assertWeights();
    this.#connections = new ConnectionsOf(models.registry);
  }

  /** Score and stable level of an agent for a viewer, at an instant (ms). A level that changes is kept, and a score that is worth it. */
  standing(viewer: string, agent: AgentRecord, now: number): FullStanding {
    const previous = this.evidence.level(viewer, agent.agent);
    const standing = this.look(viewer, agent, now);
    if (standing.state !== previous) this.evidence.setLevel(viewer, agent.agent, standing.state, standing.score);
    this.#keepSnapshot(viewer, agent, standing, now);
    return standing;
  }

  /** The same without keeping anything: a dry run moves no level. */
  look(viewer: string, agent: AgentRecord, now: number): FullStanding {
    const breakdown = this.#breakdown(viewer, agent, now);
    const state = nextLevel(this.evidence.level(viewer, agent.agent), breakdown.score, now);
    return { score: breakdown.score, level: state.level, breakdown, state };
  }

  /** What a score is computed of, at an instant (ms). */
  evidenceOf(viewer: string, agent: AgentRecord, now: number, stored = this.evidence.of(agent, now)): Evidence {
    const live = agent.credentials.filter((credential) => parseInstant(credential.expiresAt) > now);
    const { ceiling, probation, posture, observations } = stored;
    return {
      org: agent.org,
      viewerOrg: viewer,
      ownerGroup: agent.owner,
      status: agent.status,
      liveCredentials: live.map((credential) => credential.kind),
      registration: agent.registration,
      compliance: complianceOf(posture, now),
      security: this.#security(agent, live, { stored, now }),
      observations,
      inheritedNegative: inheritedMass(
        this.evidence.lineage(agent.org, lineageKeys(agent, softwareDigestOf(posture))),
        { agent: agent.agent, registeredAt: parseInstant(agent.registeredAt) },
        now,
      ),
      ...(ceiling === undefined ? {} : { ceiling }),
      ...(probation === undefined ? {} : { probation }),
    };
  }

  /** How much an agent was given as a client, and how much of that it used. */
  privilege(agent: AgentRef, now: number, stored = this.evidence.of(agent, now)): Privilege {
    return privilegeOf(
      this.#connectionPolicies(agent).map(({ document }) => document),
      stored.uses,
      now,
    );
  }

  #breakdown(viewer: string, agent: AgentRecord, now: number): ScoreBreakdown {
    const key = `${viewer}/${agent.org}/${agent.agent}`;
    const known = this.#remembered.get(key);
    const stored = this.evidence.of(agent, now);
    if (
      known !== undefined &&
      now - known.at < REUSE_MS &&
      known.evidenceVersion === stored.version &&
      known.agentVersion === agent.version
    )
      return known.breakdown;
    const breakdown = scoreOf(this.evidenceOf(viewer, agent, now, stored), now);
    this.#remembered.set(key, {
      at: now,
      evidenceVersion: stored.version,
      agentVersion: agent.version,
      breakdown,
    });
    return breakdown;
  }

  #keepSnapshot(viewer: string, agent: AgentRecord, { breakdown, level, score }: FullStanding, now: number): void {
    const trigger = triggerOf(this.evidence.lastSnapshot(viewer, agent.agent), { level, score }, now);
    if (trigger === undefined) return;
    const { raw, families, masses, caps, binding } = breakdown;
    this.evidence.keepSnapshot({
      viewer,
      agent: { org: agent.org, agent: agent.agent },
      at: now,
      score,
      raw,
      level,
      families,
      masses: { ...masses },
      caps,
      binding,
      algorithm: ALGORITHM,
      trigger,
    });
  }

  #security(
    agent: AgentRecord,
    live: AgentRecord['credentials'],
    { stored, now }: { readonly stored: AgentEvidence; readonly now: number },
  ): SecurityFacts | undefined {
    if (live.length === 0) return undefined;
    const { wildcard, granted, used } = this.privilege(agent, now, stored);
    const since = this.#connectionPolicies(agent).map((policy) => policy.since);
    return {
      oldestCredentialAge: now - Math.min(...live.map((credential) => parseInstant(credential.createdAt))),
      rotationPeriod: ROTATION_MS,
      tokenTtlSeconds: TOKEN_TTL_SECONDS,
      wildcardGrant: wildcard,
      grantAge: now - Math.min(now, ...since),
      usedGrants: used,
      grants: granted,
      endpointOk: false,
      noEndpoint: true,
    };
  }

  /** Policies of the connections on which an agent is the client. A connection without one grants nothing. */
  #connectionPolicies(agent: AgentRef): readonly { readonly document: Policy; readonly since: number }[] {
    return this.#connections.of('client', agent).flatMap((connection) => {
      if (connection.status === 'DISCONNECTED') return [];
      const policy = this.models.policy.get(readModelKey.connection(agent.org, connection.connection));
      return policy === undefined || policy.kind === 'org'
        ? []
        : [{ document: policy.document, since: parseInstant(policy.at) }];
    });
  }
}

/** Why a standing is worth keeping; undefined when it is not. */
export function triggerOf(
  last: Pick<Snapshot, 'at' | 'score' | 'level'> | undefined,
  { level, score }: Standing,
  now: number,
): Snapshot['trigger'] | undefined {
  if (last === undefined) return 'FIRST';
  if (last.level !== level) return 'LEVEL';
  if (Math.abs(last.score - score) >= SNAPSHOT.points) return 'SCORE';
  return now - last.at >= SNAPSHOT.everyMs ? 'DAILY' : undefined;
}
