import { Injectable } from '@nestjs/common';
import { guardrailSetRecordSchema, readModelKey, type GuardrailSetRecord } from '@countersign/contracts';
import { PublicationParts, ReadModelPublication } from '@countersign/service-host';
import { GuardrailSetStore } from './guardrail-set.store.js';

/** Publishes CFG_guardrails. */
@Injectable()
export class GuardrailSetPublisher extends ReadModelPublication<GuardrailSetRecord> {
  constructor(parts: PublicationParts, store: GuardrailSetStore) {
    super(parts, {
      owner: 'guardrails',
      schema: guardrailSetRecordSchema,
      records: async () => (await store.all()).map((record) => [readModelKey.org(record.org), record] as const),
    });
  }
}
