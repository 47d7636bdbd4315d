import type { CredentialKind, Evidence } from '../evidence.js';

const METHOD: Readonly<Record<CredentialKind, number>> = {
  MTLS: 1_200,
  PRIVATE_KEY_JWT: 1_000,
  SECRET_JWT: 600,
  STATIC_SECRET: 300,
};
const REGISTRATION: Readonly<Record<Evidence['registration'], number>> = {
  WORKLOAD_ATTESTED: 800,
  DOMAIN_VERIFIED: 800,
  OPERATOR: 400,
  SELF: 0,
};

/** Weakest live credential and strength of registration, in hundredths; nothing without a live credential. */
export function identityPoints({
  liveCredentials,
  registration,
}: Pick<Evidence, 'liveCredentials' | 'registration'>): number {
  if (liveCredentials.length === 0) return 0;
  return Math.min(...liveCredentials.map((kind) => METHOD[kind])) + REGISTRATION[registration];
}
