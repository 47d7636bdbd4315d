import type { OperatorRecord, RegistryRecord } from '@countersign/contracts';
import { fromBase64Url } from '@countersign/primitives';
import { People, type Person, type ReadModel } from '@countersign/bus';
import { keyIdOf } from '@countersign/identity';

/** The people of CFG_registry by key, id and organisation; kept up to date with it. */
export class PeopleDirectory extends People {
  readonly #byKeyId = new Map<string, OperatorRecord>();
  readonly #byId = new Map<string, OperatorRecord>();
  readonly #byOrg = new Map<string, Map<string, OperatorRecord>>();

  constructor(private readonly model: Pick<ReadModel<RegistryRecord>, 'entries' | 'onChange' | 'fresh'>) {
    super();
    for (const [, record] of model.entries()) this.#add(record);
    model.onChange((_key, record) => this.#add(record));
  }

  override byKeyId(kid: string): Person | undefined {
    return this.#byKeyId.get(kid);
  }

  override fresh(): boolean {
    return this.model.fresh();
  }

  /** One person, disabled people included. */
  byId(operator: string): Person | undefined {
    return this.#byId.get(operator);
  }

  /** Everybody of an organisation, disabled people included. */
  of(org: string): readonly Person[] {
    return [...(this.#byOrg.get(org)?.values() ?? [])];
  }

  #add(record: RegistryRecord): void {
    if (record.kind !== 'operator') return;
    // a key id that is not the hash of its key would let one person pass for another
    if (keyIdOf('operator', fromBase64Url(record.publicKey)) !== record.kid) return;
    this.#byKeyId.set(record.kid, record);
    this.#byId.set(record.operator, record);
    const people = this.#byOrg.get(record.org) ?? new Map<string, OperatorRecord>();
    this.#byOrg.set(record.org, people.set(record.operator, record));
  }
}
