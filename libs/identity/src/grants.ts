import { sign, verify } from 'node:crypto';
import { GRANT_TYPE, grantClaimsSchema, type GrantClaims, type ReasonCode } from '@countersign/contracts';
import { err, fromBase64Url, ok, strictJsonOf, toBase64Url, utf8, type Result } from '@countersign/primitives';
import { z } from 'zod';
import type { SigningKey } from './signing-key.js';
import type { TrustBundle } from './trust-bundle.js';

/**
 * Signs a release grant as an EdDSA JWT (RFC 7519, RFC 8037) with type {@link GRANT_TYPE}. At once, not on a thread of its own: what a batch of claims hands over leaves in
 * one write, where each grant by itself would cost one, and wake the server and the target.
 */
export function issueGrant(key: SigningKey, claims: GrantClaims): string {
  if (key.service !== 'dispatcher') throw new Error(`${key.service} issues no grants`);
  const part = (value: object): string => toBase64Url(utf8(JSON.stringify(value)));
  const signed = `${part({ alg: 'EdDSA', typ: GRANT_TYPE, kid: key.kid })}.${part(grantClaimsSchema.parse(claims))}`;
  return `${signed}.${toBase64Url(sign(null, utf8(signed), key.keyObject))}`;
}

/** What a grant has to be good for; `now` in ms. */
export interface GrantExpectation {
  readonly audience: string;
  readonly digest: string;
  readonly now: number;
}

/** Why a grant is refused. */
export type GrantFailure = Extract<ReasonCode, 'GRANT_TOKEN_INVALID' | 'GRANT_EXPIRED' | 'AUDIENCE_MISMATCH'>;

/** A further algorithm, or anything that a reader must understand, makes it no grant; what else the header says is not looked at. */
const headerSchema = z.object({
  alg: z.literal('EdDSA'),
  typ: z.literal(GRANT_TYPE),
  kid: z.string(),
  crit: z.undefined().optional(),
});

/**
 * Verifies a release grant: signed by a dispatcher key of the bundle, for this audience, over these bytes, not expired. Says nothing on whether it was seen before. At once, as
 * {@link issueGrant} signs: on a thread of its own it would cost a quarter more.
 */
export function verifyGrant(
  bundle: TrustBundle,
  token: string,
  expected: GrantExpectation,
): Result<GrantClaims, GrantFailure> {
  const claims = readGrant(bundle, token, expected.now);
  if (claims === undefined) return err('GRANT_TOKEN_INVALID');
  if (claims.aud !== expected.audience) return err('AUDIENCE_MISMATCH');
  if (claims.digest !== expected.digest) return err('GRANT_TOKEN_INVALID');
  if (expected.now >= claims.exp * 1000) return err('GRANT_EXPIRED');
  return ok(claims);
}

/** Checks a JWS in compact form (RFC 7515, section 5.2) with the one algorithm that grants have; nothing of it is parsed as claims before its signature verified. */
function readGrant(bundle: TrustBundle, token: string, now: number): GrantClaims | undefined {
  const [header = '', payload = '', signature = '', ...more] = token.split('.');
  if (more.length > 0) return undefined;
  try {
    const { kid } = headerSchema.parse(strictJsonOf(fromBase64Url(header)));
    const trusted = bundle.keyAt(kid, now);
    if (trusted?.service !== 'dispatcher') return undefined;
    if (!verify(null, utf8(`${header}.${payload}`), trusted.key, fromBase64Url(signature))) return undefined;
    return grantClaimsSchema.parse(strictJsonOf(fromBase64Url(payload)));
  } catch {
    return undefined;
  }
}
