import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import { AccountConnection, type AccountMessage } from '@countersign/bus';
import { authorizationResponse, readAuthorizationRequest, XkeyBox } from '@countersign/identity';
import { ServiceConfig } from '@countersign/service-host';
import { Logger } from '@countersign/telemetry';
import type { RegistryConfig } from '../../registry.config.js';
import { AdmitAgents } from './admit-agents.js';
import { AdmitPeople } from './admit-people.js';
import { CalloutIssuer } from './callout-issuer.js';

/** Answers the auth callout of the servers: whoever is no service is let in here, or nowhere. */
@Injectable()
export class AuthCalloutListener implements OnApplicationBootstrap, OnApplicationShutdown {
  #account: AccountConnection | undefined;
  readonly #config: RegistryConfig;
  readonly #servers: readonly string[];
  readonly #box: XkeyBox;

  constructor(
    config: ServiceConfig,
    private readonly issuer: CalloutIssuer,
    private readonly agents: AdmitAgents,
    private readonly people: AdmitPeople,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    this.#config = config.values as RegistryConfig;
    this.#servers = config.values['COUNTERSIGN_NATS_URL'] as string[];
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
    const admission = AdmitPeople.claims(request) ? this.people : this.agents;
    const answer = await admission.admit(request, now);
    const response = authorizationResponse(this.issuer.key, request, answer, now);
    message.respond(this.#box.seal(server, Buffer.from(response)));
  }
}
