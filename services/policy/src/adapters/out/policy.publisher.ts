import { Injectable } from '@nestjs/common';
import { policyRecordSchema, type PolicyRecord } from '@countersign/contracts';
import { PublicationParts, ReadModelPublication } from '@countersign/service-host';
import { keyOf, PolicyStore } from './policy.store.js';

/** Publishes CFG_policy. */
@Injectable()
export class PolicyPublisher extends ReadModelPublication<PolicyRecord> {
  constructor(parts: PublicationParts, store: PolicyStore) {
    super(parts, {
      owner: 'policy',
      schema: policyRecordSchema,
      records: async () => (await store.all()).map((record) => [keyOf(record), record] as const),
    });
  }
}
