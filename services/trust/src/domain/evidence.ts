import type { AgentRecord } from '@countersign/contracts';
import type { Observation } from './observation.js';

/** Kinds of credential with their points; the weakest live one counts, because an attacker uses it. */
export type CredentialKind = AgentRecord['credentials'][number]['kind'];

/** Facts with evidence and age; what is absent gives nothing. Instants in ms. */
export interface ComplianceFacts {
  readonly knownSoftwareDigest?: boolean;
  readonly scan?: { readonly at: number; readonly openCritical: number; readonly openHigh: number };
  readonly environmentApproved?: boolean;
  readonly dataDeclaration?: { readonly at: number };
}

/** A ceiling that an owner set: hundredths, in force before `until` (ms). */
export interface Ceiling {
  readonly score: number;
  readonly until: number;
  readonly reason: string;
}

/** A time (ms) after an incident in which an agent is held down. */
export interface Probation {
  readonly until: number;
  readonly reason: string;
}

/** How an agent is secured. Ages in ms. */
export interface SecurityFacts {
  readonly oldestCredentialAge: number;
  readonly rotationPeriod: number;
  readonly tokenTtlSeconds: number;
  /** Whether any of its grants allows anything. */
  readonly wildcardGrant: boolean;
  readonly grantAge: number;
  readonly usedGrants: number;
  readonly grants: number;
  readonly endpointOk: boolean;
  /** Delivery over the bus has no outbound endpoint to abuse. */
  readonly noEndpoint: boolean;
}

/** Everything that a score is computed of. */
export interface Evidence {
  readonly org?: string;
  readonly viewerOrg?: string;
  readonly ownerGroup?: string;
  readonly status: AgentRecord['status'];
  readonly liveCredentials: readonly CredentialKind[];
  readonly registration: AgentRecord['registration'];
  readonly compliance: ComplianceFacts;
  readonly security: SecurityFacts | undefined;
  readonly observations: readonly Observation[];
  readonly inheritedNegative: number;
  /** Since when a critical anomaly alert fires (ms). The rule stands; nothing raises such alerts yet. */
  readonly anomalySince?: number;
  readonly probation?: Probation;
  readonly ceiling?: Ceiling;
}
