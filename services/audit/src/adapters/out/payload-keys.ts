import { inflateRawSync } from 'node:zlib';
import { createHmac, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ServiceConfig } from '@countersign/service-host';
import { Database, seal, SealBroken, unseal, type Tx } from '@countersign/store';
import { payloadCommitment, payloadSalt } from '@countersign/record';
import type { Digest } from '@countersign/primitives';
import type { AuditConfig } from '../../audit.config.js';
import type { DraftPayload } from '../../domain/entry-draft.js';
import { epochNumber, type Epoch } from '../../domain/payload-epoch.js';

/** Which event a payload belongs to: it opens nowhere else. */
export interface PayloadPlace {
  readonly org: string;
  readonly id: string;
  readonly kind: string;
}

/** A payload that is sealed, and what its header says of it. */
export interface SealedPayload {
  readonly commitment: Digest;
  readonly sealed: Buffer;
}

/** An opened payload with the salt of its commitment. */
export interface OpenedPayload {
  readonly salt: Buffer;
  readonly bytes: Buffer;
}

/** The data key of an organisation's month, as two keys for its two uses. */
export class EpochKey {
  readonly #sealing: KeyObject;
  readonly #salting: KeyObject;

  constructor(dataKey: Uint8Array) {
    this.#sealing = derived(dataKey, 'countersign/audit/sealing/v1');
    this.#salting = derived(dataKey, 'countersign/audit/salting/v1');
  }

  /** Seals a payload for its event, deflated where it is so already, and commits to its bytes. */
  seal({ kind, bytes, deflated }: DraftPayload, event: Omit<PayloadPlace, 'kind'>): SealedPayload {
    const commitment = payloadCommitment(payloadSalt(this.#salting, event), bytes);
    const place = placeText({ ...event, kind });
    if (deflated === undefined) return { commitment, sealed: seal(this.#sealing, place, bytes) };
    const sealed = seal(this.#sealing, `${place}${DEFLATED}`, deflated);
    return { commitment, sealed: Buffer.concat([Buffer.of(DEFLATED_VERSION), sealed]) };
  }

  /** Opens a payload to the bytes that its header commits to; throws SealBroken when it is not what was sealed for this event. */
  open(sealed: Uint8Array, place: PayloadPlace): OpenedPayload {
    return { salt: payloadSalt(this.#salting, place), bytes: this.#bytesOf(sealed, placeText(place)) };
  }

  #bytesOf(sealed: Uint8Array, place: string): Buffer {
    if (sealed[0] !== DEFLATED_VERSION) return unseal(this.#sealing, place, sealed);
    const deflated = unseal(this.#sealing, `${place}${DEFLATED}`, sealed.subarray(1));
    try {
      return inflateRawSync(deflated, { maxOutputLength: MAX_INFLATED });
    } catch (cause) {
      throw new SealBroken('what was sealed does not inflate', { cause });
    }
  }
}

/** Before what was sealed deflated; sealed bytes themselves begin with 1. */
const DEFLATED_VERSION = 2;
/** End of the place of what was sealed deflated: the byte before it can neither be taken away nor be put before something else. */
const DEFLATED = '/deflated';
/** More than six verdict lines of the longest kind. */
const MAX_INFLATED = 4_194_304;

const derived = (dataKey: Uint8Array, use: string): KeyObject =>
  createSecretKey(createHmac('sha256', dataKey).update(use).digest());
const placeText = ({ org, id, kind }: PayloadPlace): string => `audit/payload/${org}/${id}/${kind}`;
const keyPlace = (org: string, epoch: number): string => `audit/payload-key/${org}/${epoch}`;

interface KeyRow {
  readonly org_id: string;
  readonly epoch: number;
  readonly wrapped: Buffer | null;
}

/**
 * Data keys of payloads: random, one an organisation and month, wrapped with the service's own key file. Those in use are remembered; a key that was erased
 * is refused by the database at the next append, and then forgotten here.
 */
@Injectable()
export class PayloadKeys {
  readonly #wrapping: Buffer;
  readonly #known = new Map<string, EpochKey | 'erased'>();
  readonly #open = new Set<Epoch>();

  constructor(
    private readonly database: Database,
    config: ServiceConfig,
  ) {
    this.#wrapping = (config.values as AuditConfig).COUNTERSIGN_SEAL_KEY_FILE;
  }

  /** Sees to it that keys and room of these months are there before a batch is appended. */
  async provide(wanted: Iterable<{ readonly org: string; readonly epoch: Epoch }>): Promise<void> {
    const missing = [...wanted].filter(({ org, epoch }) => !this.#known.has(`${org}/${epoch}`));
    for (const epoch of new Set(missing.map((m) => m.epoch))) {
      await this.openEpoch(epoch);
      await this.make(epoch, [...new Set(missing.flatMap((m) => (m.epoch === epoch ? [m.org] : [])))]);
    }
  }

  /** The key of a month that was provided for; undefined when it was erased. */
  known(org: string, epoch: Epoch): EpochKey | undefined {
    const key = this.#known.get(`${org}/${epoch}`);
    return key === 'erased' ? undefined : key;
  }

  /** Forgets all keys and months: a key may be erased, a month dropped. */
  forget(): void {
    this.#known.clear();
    this.#open.clear();
  }

  /** Makes the partition of a month. */
  async openEpoch(epoch: Epoch): Promise<void> {
    if (this.#open.has(epoch)) return;
    await this.database.installation((tx) => tx.query('select audit.open_epoch($1)', [epochNumber(epoch)]));
    this.#open.add(epoch);
  }

  /** Makes what is missing of the keys of a month, and remembers them all. */
  async make(epoch: Epoch, orgs: readonly string[]): Promise<void> {
    const number = epochNumber(epoch);
    const rows = await this.database.tenants(orgs, async (tx) => {
      await tx.query(
        'insert into audit.payload_key (org_id, epoch, wrapped) select o, $2, w from unnest($1::uuid[], $3::bytea[]) as k(o, w) on conflict do nothing',
        [orgs, number, orgs.map((org) => seal(this.#wrapping, keyPlace(org, number), randomBytes(32)))],
      );
      return keyRows(tx, orgs, [number]);
    });
    for (const row of rows) this.#known.set(`${row.org_id}/${epoch}`, this.#unwrap(row) ?? 'erased');
  }

  /** Keys of one organisation's months as they are in the database now; those that were erased are absent. */
  async read(tx: Tx, org: string, epochs: readonly number[]): Promise<ReadonlyMap<number, EpochKey>> {
    const rows = await keyRows(tx, [org], epochs);
    return new Map(
      rows.flatMap((row) => {
        const key = this.#unwrap(row);
        return key === undefined ? [] : [[row.epoch, key] as const];
      }),
    );
  }

  #unwrap({ org_id: org, epoch, wrapped }: KeyRow): EpochKey | undefined {
    return wrapped === null ? undefined : new EpochKey(unseal(this.#wrapping, keyPlace(org, epoch), wrapped));
  }
}

function keyRows(tx: Tx, orgs: readonly string[], epochs: readonly number[]): Promise<readonly KeyRow[]> {
  return tx.query<KeyRow>(
    'select org_id, epoch, wrapped from audit.payload_key where org_id = any ($1::uuid[]) and epoch = any ($2::int[])',
    [orgs, epochs],
  );
}
