import { Injectable } from '@nestjs/common';
import { toBase64Url } from '@countersign/primitives';
import type { ExportedPayload } from '@countersign/contracts';
import { parseObject, type StoredEntry } from '@countersign/record';
import { Database, SealBroken, type Tx } from '@countersign/store';
import { Logger } from '@countersign/telemetry';
import { Payloads } from '../../application/ports.js';
import { epochNumber } from '../../domain/payload-epoch.js';
import { PayloadKeys, type EpochKey } from './payload-keys.js';

/** An entry that has a payload, by what its header says. */
interface Wanted {
  readonly position: number;
  readonly id: string;
  readonly kind: string;
  readonly epoch: number;
}

interface PayloadRow {
  readonly position: bigint;
  readonly kind: string;
  readonly sealed: Buffer;
}

/** Sealed payloads in PostgreSQL. Keys are read anew every time: an erased one opens nothing any more, in no replica. */
@Injectable()
export class PostgresPayloads extends Payloads {
  constructor(
    private readonly database: Database,
    private readonly keys: PayloadKeys,
    private readonly logger: Logger,
  ) {
    super();
  }

  async of(org: string, entries: readonly StoredEntry[]): Promise<ReadonlyMap<number, ExportedPayload>> {
    const wanted = entries.flatMap(wantedOf);
    if (wanted.length === 0) return new Map();
    const epochs = [...new Set(wanted.map(({ epoch }) => epoch))];
    return this.database.tenant(org, async (tx) => {
      const [keys, rows] = await Promise.all([this.keys.read(tx, org, epochs), sealedRows(tx, org, wanted)]);
      const sealed = new Map(rows.map((row) => [Number(row.position), row.sealed]));
      return new Map(
        wanted.map((entry) => [
          entry.position,
          this.#open(org, entry, { key: keys.get(entry.epoch), sealed: sealed.get(entry.position) }),
        ]),
      );
    });
  }

  #open(
    org: string,
    { id, kind, position }: Wanted,
    { key, sealed }: { readonly key: EpochKey | undefined; readonly sealed: Buffer | undefined },
  ): ExportedPayload {
    if (key === undefined) return { state: 'erased' };
    if (sealed === undefined) return { state: 'pruned' };
    try {
      const { salt, bytes } = key.open(sealed, { org, id, kind });
      return { state: 'open', salt: toBase64Url(salt), bytes: bytes.toString('base64') };
    } catch (error) {
      if (!(error instanceof SealBroken)) throw error;
      this.logger.alert('AUDIT_CHAIN_BROKEN', { org, seq: position });
      return { state: 'unreadable' };
    }
  }
}

function sealedRows(tx: Tx, org: string, wanted: readonly Wanted[]): Promise<readonly PayloadRow[]> {
  return tx.query<PayloadRow>(
    'select p.position, p.kind, p.sealed from unnest($2::int[], $3::bigint[]) as w(epoch, position) join audit.payload p on p.org_id = $1 and p.epoch = w.epoch and p.position = w.position',
    [org, wanted.map(({ epoch }) => epoch), wanted.map(({ position }) => position)],
  );
}

function wantedOf({ position, header }: StoredEntry): readonly Wanted[] {
  const parsed = parseObject(header);
  const payload = parsed?.['payload'];
  if (typeof payload !== 'object' || payload === null) return [];
  const { kind, epoch, commitment }: { kind?: unknown; epoch?: unknown; commitment?: unknown } = payload;
  const id = parsed?.['id'];
  return typeof commitment === 'string' &&
    typeof kind === 'string' &&
    typeof epoch === 'string' &&
    typeof id === 'string'
    ? [{ position, id, kind, epoch: epochNumber(epoch) }]
    : [];
}
