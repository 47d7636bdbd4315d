import type { CredentialKind, Evidence } from '../evidence.js';
import type { PointsFact } from './points.js';

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
export function identityFacts({
  liveCredentials,
  registration,
}: Pick<Evidence, 'liveCredentials' | 'registration'>): readonly PointsFact[] {
  const [first, ...rest] = liveCredentials;
  const weakest = rest.reduce<CredentialKind | undefined>(
    (weak, kind) => (weak === undefined || METHOD[kind] < METHOD[weak] ? kind : weak),
    first,
  );
  return [
    {
      fact: 'weakest live credential',
      value: weakest ?? 'none',
      points: weakest === undefined ? 0 : METHOD[weakest],
      max: 1_200,
    },
    {
      fact: 'registration',
      value: registration,
      points: weakest === undefined ? 0 : REGISTRATION[registration],
      max: 800,
    },
  ];
}
