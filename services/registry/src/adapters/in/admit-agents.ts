import { Injectable } from '@nestjs/common';
import { agentPublishSubjects, MAX_MESSAGE_BYTES } from '@countersign/contracts';
import { clientIdOf, secretMatches, userToken, type AuthorizationRequest } from '@countersign/identity';
import { ServiceConfig } from '@countersign/service-host';
import { Logger } from '@countersign/telemetry';
import { agentInboxPrefix } from '../../domain/agent-permissions.js';
import type { RegistryConfig } from '../../registry.config.js';
import type { StoredCredential } from '../out/registry-rows.js';
import { RegistryStore } from '../out/registry.store.js';
import { MAX_SUBSCRIPTIONS, TOKEN_SECONDS, type Admission, type Admitted } from './admission.js';
import { CalloutIssuer } from './callout-issuer.js';

const REPLY_TTL_MS = 10_000;

type Refusal = 'AUTHENTICATION_FAILED' | 'CREDENTIAL_REVOKED' | 'CREDENTIAL_EXPIRED' | 'CLIENT_AGENT_NOT_ACTIVE';

/** An agent's client id and secret against a user token with exactly its own subjects. */
@Injectable()
export class AdmitAgents implements Admission {
  readonly #pepper: Buffer;

  constructor(
    config: ServiceConfig,
    private readonly issuer: CalloutIssuer,
    private readonly store: RegistryStore,
    private readonly logger: Logger,
  ) {
    this.#pepper = (config.values as RegistryConfig).COUNTERSIGN_SECRET_PEPPER_FILE;
  }

  async admit({ user, password, userKey }: AuthorizationRequest, now: number): Promise<Admitted> {
    const clientId = password === undefined ? undefined : clientIdOf(password);
    if (clientId === undefined || clientId !== user || password === undefined)
      return { error: 'AUTHENTICATION_FAILED' };
    const credential = await this.store.credential(clientId);
    const refusal = this.#refusal(credential, password);
    if (refusal !== undefined || credential === undefined)
      return this.#refuse(refusal ?? 'AUTHENTICATION_FAILED', credential);
    const jwt = this.#token(credential, userKey, now);
    // a revocation that committed while this token was made must win
    const again = this.#refusal(await this.store.credential(clientId), password);
    return again === undefined ? { jwt } : this.#refuse(again, credential);
  }

  #refusal(credential: StoredCredential | undefined, secret: string): Refusal | undefined {
    if (credential === undefined || !secretMatches(this.#pepper, secret, credential.secret_hash))
      return 'AUTHENTICATION_FAILED';
    if (credential.state !== 'ACTIVE') return 'CREDENTIAL_REVOKED';
    if (credential.expired) return 'CREDENTIAL_EXPIRED';
    return credential.agent_status === 'ACTIVE' && credential.communication && credential.org_status === 'ACTIVE'
      ? undefined
      : 'CLIENT_AGENT_NOT_ACTIVE';
  }

  #refuse(code: Refusal, credential: StoredCredential | undefined): Admitted {
    const whose = credential === undefined ? {} : { org: credential.org_id, agent: credential.agent_id };
    if (code === 'CREDENTIAL_REVOKED') this.logger.alert('REVOKED_CREDENTIAL_USED', { code, ...whose });
    else this.logger.warn('a connection was refused', { code, ...whose });
    return { error: code };
  }

  #token({ org_id: org, agent_id: agent }: StoredCredential, userKey: string, now: number): string {
    return userToken(
      this.issuer.key,
      {
        account: 'AGENTS',
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
