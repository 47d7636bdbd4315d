import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import { agentPublishSubjects, MAX_MESSAGE_BYTES } from '@countersign/contracts';
import { AccountConnection, type AccountMessage } from '@countersign/bus';
import {
  authorizationResponse,
  clientIdOf,
  NatsIssuer,
  readAuthorizationRequest,
  secretMatches,
  userToken,
  XkeyBox,
  type AuthorizationRequest,
} from '@countersign/identity';
import { ServiceConfig } from '@countersign/service-host';
import { Logger } from '@countersign/telemetry';
import { agentInboxPrefix } from '../../domain/agent-permissions.js';
import type { StoredCredential } from '../out/registry-rows.js';
import { RegistryStore } from '../out/registry.store.js';
import type { RegistryConfig } from '../../registry.config.js';

/** A user token lives at most ten minutes; the server ends the connection then and the agent connects anew. */
const TOKEN_SECONDS = 600;
const REPLY_TTL_MS = 10_000;
const MAX_SUBSCRIPTIONS = 50;

/** Why nobody gets in; the server logs it, the client learns nothing. */
type Refusal = 'AUTHENTICATION_FAILED' | 'CREDENTIAL_REVOKED' | 'CREDENTIAL_EXPIRED' | 'CLIENT_AGENT_NOT_ACTIVE';

/** Answers the server's auth callout: an agent's client id and secret against a user token with exactly its own subjects. */
@Injectable()
export class AuthCalloutListener implements OnApplicationBootstrap, OnApplicationShutdown {
  #account: AccountConnection | undefined;
  readonly #config: RegistryConfig;
  readonly #servers: readonly string[];
  readonly #issuer: NatsIssuer;
  readonly #box: XkeyBox;

  constructor(
    config: ServiceConfig,
    private readonly store: RegistryStore,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    this.#config = config.values as RegistryConfig;
    this.#servers = config.values['COUNTERSIGN_NATS_URL'] as string[];
    this.#issuer = new NatsIssuer(this.#config.COUNTERSIGN_CALLOUT_ISSUER_SEED_FILE);
    this.#box = new XkeyBox(this.#config.COUNTERSIGN_CALLOUT_XKEY_SEED_FILE);
  }

  async onApplicationBootstrap(): Promise<void> {
    this.#account = await AccountConnection.open(
      this.#servers,
      this.#config.COUNTERSIGN_AUTH_NATS_SEED_FILE,
      'registry auth callout',
    );
    this.#account.answer('$SYS.REQ.USER.AUTH', 'registry', (message) =>
      this.#answer(message).catch((error: unknown) => this.logger.error('an authorization request failed', { error })),
    );
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#account?.close();
  }

  async #answer(message: AccountMessage): Promise<void> {
    const server = message.header('Nats-Server-Xkey');
    if (server === undefined) throw new Error('an authorization request without a curve key');
    const request = readAuthorizationRequest(this.#box.open(server, message.data).toString('utf8'));
    const now = Math.floor(this.clock.now() / 1000);
    const answer = await this.#decide(request, now);
    message.respond(this.#box.seal(server, Buffer.from(authorizationResponse(this.#issuer, request, answer, now))));
  }

  async #decide(
    request: AuthorizationRequest,
    now: number,
  ): Promise<{ readonly jwt: string } | { readonly error: string }> {
    const { user, password } = request;
    const clientId = password === undefined ? undefined : clientIdOf(password);
    if (clientId === undefined || clientId !== user || password === undefined)
      return { error: 'AUTHENTICATION_FAILED' };
    const credential = await this.store.credential(clientId);
    const refusal = this.#refusal(credential, password);
    if (refusal !== undefined || credential === undefined)
      return this.#refuse(refusal ?? 'AUTHENTICATION_FAILED', credential);
    const jwt = this.#token(credential, request.userKey, now);
    // a revocation that committed while this token was made must win
    const again = this.#refusal(await this.store.credential(clientId), password);
    return again === undefined ? { jwt } : this.#refuse(again, credential);
  }

  #refusal(credential: StoredCredential | undefined, secret: string): Refusal | undefined {
    if (
      credential === undefined ||
      !secretMatches(this.#config.COUNTERSIGN_SECRET_PEPPER_FILE, secret, credential.secret_hash)
    )
      return 'AUTHENTICATION_FAILED';
    if (credential.state !== 'ACTIVE') return 'CREDENTIAL_REVOKED';
    if (credential.expired) return 'CREDENTIAL_EXPIRED';
    return credential.agent_status === 'ACTIVE' && credential.communication && credential.org_status === 'ACTIVE'
      ? undefined
      : 'CLIENT_AGENT_NOT_ACTIVE';
  }

  #refuse(code: Refusal, credential: StoredCredential | undefined): { readonly error: string } {
    const whose = credential === undefined ? {} : { org: credential.org_id, agent: credential.agent_id };
    if (code === 'CREDENTIAL_REVOKED') this.logger.alert('REVOKED_CREDENTIAL_USED', { code, ...whose });
    else this.logger.warn('a connection was refused', { code, ...whose });
    return { error: code };
  }

  #token({ org_id: org, agent_id: agent }: StoredCredential, userKey: string, now: number): string {
    return userToken(
      this.#issuer,
      {
        name: agent,
        userKey,
        expiresAtSeconds: now + TOKEN_SECONDS,
        publish: agentPublishSubjects({ org, agent }),
        subscribe: [
          `dlv.${org}.${agent}`,
          `dlv.${org}.${agent} ${agent}`,
          `ans.${org}.${agent}.*`,
          `${agentInboxPrefix(agent)}.>`,
        ],
        responseTtlMs: REPLY_TTL_MS,
        maxSubscriptions: MAX_SUBSCRIPTIONS,
        maxPayloadBytes: MAX_MESSAGE_BYTES,
      },
      now,
    );
  }
}
