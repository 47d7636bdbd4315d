import type { Surface } from '@countersign/contracts';

/** A new agent. */
export interface NewAgent {
  readonly org: string;
  readonly agent: string;
  readonly name: string;
  readonly owner: string;
  /** `kind:id` of the actor. */
  readonly registeredBy: string;
  readonly surface: Surface;
  readonly mayOriginate: boolean;
}

/** A new connection. */
export interface NewConnection {
  readonly connection: string;
  readonly client: { readonly org: string; readonly agent: string };
  readonly target: { readonly org: string; readonly agent: string };
  readonly share: string | null;
  readonly sandbox: boolean;
  readonly expiresAt: string | null;
  readonly requiredApprovals: 1 | 2;
  readonly status: 'ACTIVE' | 'PENDING_CONSENT';
}

/** A credential as it is stored. */
export interface StoredCredential {
  readonly org_id: string;
  readonly agent_id: string;
  readonly secret_hash: Buffer;
  readonly state: 'ACTIVE' | 'REVOKED';
  readonly expired: boolean;
  readonly agent_status: string;
  readonly communication: boolean;
  readonly org_status: string;
}

/** What a change left of an organisation. */
export interface OrganizationState {
  readonly epoch: bigint;
  readonly status: string;
  readonly kill_switch: boolean;
}

/** What a change left of an agent. */
export interface AgentState {
  readonly epoch: bigint;
  readonly status: string;
  readonly communication: boolean;
}

/** A person as the callout looks at them. */
export interface StoredPerson {
  readonly org_id: string;
  readonly operator_id: string;
  /** Raw Ed25519 key, base64url. */
  readonly public_key: string;
  readonly status: 'ACTIVE' | 'DISABLED';
}
