import { randomBytes, sign, verify, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { serverKeyOf, type NatsIssuer } from './nkey.js';

const HEADER = Buffer.from(JSON.stringify({ typ: 'JWT', alg: 'ed25519-nkey' })).toString('base64url');

/** Accounts of whoever comes in from outside. The server places a user wherever a token says, so there is no other word for a token to say. */
export type OuterAccount = 'AGENTS' | 'PEOPLE';

/** What an agent or a person that connects may do. */
export interface UserGrant {
  readonly account: OuterAccount;
  readonly name: string;
  /** The key that the server made for this connection. */
  readonly userKey: string;
  readonly expiresAtSeconds: number;
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  /** How long a request may be answered, once; absent where none is ever received. */
  readonly responseTtlMs?: number;
  readonly maxSubscriptions: number;
  readonly maxPayloadBytes: number;
}

function token(claims: object, key: KeyObject): string {
  const body = `${HEADER}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${body}.${sign(null, Buffer.from(body), key).toString('base64url')}`;
}

/** A user token (NATS JWT version 2); NATS wants nanoseconds. */
export function userToken(issuer: NatsIssuer, grant: UserGrant, nowSeconds: number): string {
  const nats = {
    type: 'user',
    version: 2,
    pub: { allow: grant.publish },
    sub: { allow: grant.subscribe },
    ...(grant.responseTtlMs === undefined ? {} : { resp: { max: 1, ttl: grant.responseTtlMs * 1_000_000 } }),
    subs: grant.maxSubscriptions,
    payload: grant.maxPayloadBytes,
    data: -1,
  };
  const claims = {
    jti: randomBytes(16).toString('hex'),
    iat: nowSeconds,
    exp: grant.expiresAtSeconds,
    iss: issuer.publicKey,
    sub: grant.userKey,
    aud: grant.account,
    name: grant.name,
    nats,
  };
  return token(claims, issuer.key);
}

/** The callout's answer to a server: a user token, or why not (the server logs it; the client does not learn it). */
export function authorizationResponse(
  issuer: NatsIssuer,
  to: { readonly serverId: string; readonly userKey: string },
  answer: { readonly jwt: string } | { readonly error: string },
  nowSeconds: number,
): string {
  const nats = { type: 'authorization_response', version: 2, ...answer };
  return token(
    {
      jti: randomBytes(16).toString('hex'),
      iat: nowSeconds,
      iss: issuer.publicKey,
      sub: to.userKey,
      aud: to.serverId,
      nats,
    },
    issuer.key,
  );
}

const requestSchema = z.object({
  iss: z.string(),
  aud: z.literal('nats-authorization-request'),
  exp: z.number().optional(),
  nats: z.object({
    type: z.literal('authorization_request'),
    user_nkey: z.string(),
    server_id: z.object({ id: z.string() }),
    // the server tells the nonce of a connection whose client signed something
    client_info: z.object({ nonce: z.string().optional() }),
    connect_opts: z.object({ user: z.string().optional(), pass: z.string().optional(), sig: z.string().optional() }),
  }),
});

/** What a server asks its callout: who connects, with which credential, and the key of the connection. */
export interface AuthorizationRequest {
  readonly serverId: string;
  readonly userKey: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** What the client signed, and the nonce that the server gave to this connection. */
  readonly signature: string | undefined;
  readonly nonce: string | undefined;
}

/** Reads a server's request; throws unless the server that it names signed it. */
export function readAuthorizationRequest(jwt: string): AuthorizationRequest {
  const [header = '', body = '', signature = '', ...rest] = jwt.split('.');
  const claims = requestSchema.parse(JSON.parse(Buffer.from(body, 'base64url').toString('utf8')));
  const { nats } = claims;
  const good =
    rest.length === 0 &&
    claims.iss === nats.server_id.id &&
    verify(null, Buffer.from(`${header}.${body}`), serverKeyOf(claims.iss), Buffer.from(signature, 'base64url'));
  if (!good) throw new Error('the authorization request is not signed by its server');
  return {
    serverId: nats.server_id.id,
    userKey: nats.user_nkey,
    user: nats.connect_opts.user,
    password: nats.connect_opts.pass,
    signature: nats.connect_opts.sig,
    nonce: nats.client_info.nonce,
  };
}
