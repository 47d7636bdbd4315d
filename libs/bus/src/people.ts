import type { Role } from '@countersign/contracts';

/** A person with a key of their own, as the registry says now. */
export interface Person {
  readonly org: string;
  readonly operator: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly kid: string;
  /** Raw Ed25519 key, base64url. */
  readonly publicKey: string;
  /** A person that was disabled may do nothing any more; `forCause`: what they approved counts no more either. */
  readonly status: 'ACTIVE' | 'DISABLED';
  readonly forCause: boolean;
}

/** Who the people are. */
export abstract class People {
  /** Whoever a key id belongs to, disabled people included; undefined when nobody has it. */
  abstract byKeyId(kid: string): Person | undefined;
  /** Whether what is known of people is up to date. What is not denies. */
  abstract fresh(): boolean;
}
