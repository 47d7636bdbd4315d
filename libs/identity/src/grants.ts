import { sign } from 'node:crypto';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { GRANT_TYPE, grantClaimsSchema, type GrantClaims, type ReasonCode } from '@countersign/contracts';
import { err, ok, toBase64Url, utf8, type Result } from '@countersign/primitives';
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

/** Verifies a release grant: signed by a dispatcher key of the bundle, for this audience, over these bytes, not expired. Says nothing on whether it was seen before. */
export async function verifyGrant(
  bundle: TrustBundle,
  token: string,
  expected: GrantExpectation,
): Promise<Result<GrantClaims, GrantFailure>> {
  const claims = await readGrant(bundle, token, expected.now);
  if (claims === undefined) return err('GRANT_TOKEN_INVALID');
  if (claims.aud !== expected.audience) return err('AUDIENCE_MISMATCH');
  if (claims.digest !== expected.digest) return err('GRANT_TOKEN_INVALID');
  if (expected.now >= claims.exp * 1000) return err('GRANT_EXPIRED');
  return ok(claims);
}

async function readGrant(bundle: TrustBundle, token: string, now: number): Promise<GrantClaims | undefined> {
  try {
    const { kid } = decodeProtectedHeader(token);
    const trusted = kid === undefined ? undefined : bundle.keyAt(kid, now);
    if (trusted?.service !== 'dispatcher') return undefined;
    // the expiry is judged by the caller, who tells expired from forged
    const { payload } = await jwtVerify(token, trusted.key, {
      algorithms: ['EdDSA'],
      typ: GRANT_TYPE,
      currentDate: new Date(0),
    });
    return grantClaimsSchema.parse(payload);
  } catch {
    return undefined;
  }
}
