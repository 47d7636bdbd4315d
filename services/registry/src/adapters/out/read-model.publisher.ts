import { Injectable } from '@nestjs/common';
import { registryRecordSchema, type RegistryRecord } from '@countersign/contracts';
import { PublicationParts, ReadModelPublication } from '@countersign/service-host';
import type { RegistryPublication } from '../../application/publication.js';
import { keyOf, type RecordKind } from './records.js';
import { RegistryStore } from './registry.store.js';

const KINDS: readonly RecordKind[] = ['org', 'agent', 'connection', 'operator', 'install'];

/** Publishes CFG_registry. */
@Injectable()
export class ReadModelPublisher extends ReadModelPublication<RegistryRecord> implements RegistryPublication {
  constructor(parts: PublicationParts, store: RegistryStore) {
    super(parts, {
      owner: 'registry',
      schema: registryRecordSchema,
      records: async () => {
        const all = await Promise.all(KINDS.map((kind) => store.records(kind, 'true', [])));
        return all.flat().map((record) => [keyOf(record), record] as const);
      },
    });
  }
}
