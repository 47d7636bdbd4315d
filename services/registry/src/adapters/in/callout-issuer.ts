import { Injectable } from '@nestjs/common';
import { NatsIssuer } from '@countersign/identity';
import { ServiceConfig } from '@countersign/service-host';
import type { RegistryConfig } from '../../registry.config.js';

/** The key that user tokens and answers to servers are signed with; the registry alone has it. */
@Injectable()
export class CalloutIssuer {
  readonly key: NatsIssuer;

  constructor(config: ServiceConfig) {
    this.key = new NatsIssuer((config.values as RegistryConfig).COUNTERSIGN_CALLOUT_ISSUER_SEED_FILE);
  }
}
