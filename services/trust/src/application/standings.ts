import { Injectable } from '@nestjs/common';
import { parseInstant } from '@countersign/primitives';
import { readModelKey, type AgentRecord, type AgentRef, type Policy } from '@countersign/contracts';
import { ReadModels } from '@countersign/service-host';
import { assertWeights, DAY_MS } from '../domain/algorithm.js';
import type { Evidence, SecurityFacts } from '../domain/evidence.js';
import type { Standing } from '../domain/gates.js';
import { nextLevel } from '../domain/levels.js';
import { scoreOf, type ScoreBreakdown } from '../domain/score.js';
import { EvidenceSource } from './ports.js';

/** Life of a user token that the auth callout gives for an id and secret: ten minutes at most, which counts as 300 s. */
const TOKEN_TTL_SECONDS = 300;
const ROTATION_MS = 90 * DAY_MS;
/** The same evidence gives the same score for this long; decay within it is far below a hundredth. */
const REUSE_MS = 1_000;

interface Remembered {
  readonly at: number;
  readonly evidenceVersion: number;
  readonly agentVersion: number;
  readonly breakdown: ScoreBreakdown;
}

interface Grants {
  readonly lists: readonly (readonly string[] | null)[];
  readonly oldest: number;
}

/** Where agents stand, for an organisation that looks at them. */
@Injectable()
export class Standings {
  readonly #remembered = new Map<string, Remembered>();

  constructor(
    private readonly evidence: EvidenceSource,
    private readonly models: ReadModels,
  ) {
    assertWeights();
  }

  /** Score and stable level of an agent for a viewer, at an instant (ms). */
  standing(viewer: string, agent: AgentRecord, now: number): Standing {
    const { score } = this.breakdown(viewer, agent, now);
    const previous = this.evidence.level(viewer, agent.agent);
    const next = nextLevel(previous, score, now);
    if (next !== previous) this.evidence.setLevel(viewer, agent.agent, next, score);
    return { score, level: next.level };
  }

  /** The whole computation. */
  breakdown(viewer: string, agent: AgentRecord, now: number): ScoreBreakdown {
    const key = `${viewer}/${agent.org}/${agent.agent}`;
    const known = this.#remembered.get(key);
    if (
      known !== undefined &&
      now - known.at < REUSE_MS &&
      known.evidenceVersion === this.evidence.version &&
      known.agentVersion === agent.version
    )
      return known.breakdown;
    const breakdown = scoreOf(this.#evidenceOf(viewer, agent, now), now);
    this.#remembered.set(key, {
      at: now,
      evidenceVersion: this.evidence.version,
      agentVersion: agent.version,
      breakdown,
    });
    return breakdown;
  }

  #evidenceOf(viewer: string, agent: AgentRecord, now: number): Evidence {
    const live = agent.credentials.filter((credential) => parseInstant(credential.expiresAt) > now);
    return {
      org: agent.org,
      viewerOrg: viewer,
      ownerGroup: agent.owner,
      status: agent.status,
      liveCredentials: live.map((credential) => credential.kind),
      registration: agent.registration,
      compliance: {},
      security: this.#security(agent, live, now),
      observations: this.evidence.of(agent),
      inheritedNegative: 0,
    };
  }

  #security(agent: AgentRecord, live: AgentRecord['credentials'], now: number): SecurityFacts | undefined {
    if (live.length === 0) return undefined;
    const { lists, oldest } = this.#grants(agent, now);
    return {
      oldestCredentialAge: now - Math.min(...live.map((credential) => parseInstant(credential.createdAt))),
      rotationPeriod: ROTATION_MS,
      tokenTtlSeconds: TOKEN_TTL_SECONDS,
      // use of single models and tools is known when policies can name them; until then they allow any, and no points are given for use
      wildcardGrant: lists.some((list) => list === null || list.includes('*')),
      grantAge: now - oldest,
      usedGrants: 0,
      grants: lists.reduce((n, list) => n + (list?.length ?? 0), 0),
      endpointOk: false,
      noEndpoint: true,
    };
  }

  #grants(agent: AgentRef, now: number): Grants {
    const documents = [...this.#connectionPolicies(agent)];
    return {
      lists: documents.flatMap(({ document }) => [document.taskTypes, document.models, document.tools]),
      oldest: Math.min(now, ...documents.map(({ since }) => since)),
    };
  }

  *#connectionPolicies(agent: AgentRef): Generator<{ readonly document: Policy; readonly since: number }> {
    for (const [, record] of this.models.registry.entries()) {
      if (
        record.kind !== 'connection' ||
        record.client.org !== agent.org ||
        record.client.agent !== agent.agent ||
        record.status === 'DISCONNECTED'
      )
        continue;
      const policy = this.models.policy.get(readModelKey.connection(record.client.org, record.connection));
      if (policy !== undefined && policy.kind !== 'org')
        yield { document: policy.document, since: parseInstant(policy.at) };
    }
  }
}
