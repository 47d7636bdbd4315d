import { Injectable } from '@nestjs/common';
import { readModelKey, type OperatorRecord, type Role } from '@countersign/contracts';
import { CommandRefused } from '@countersign/bus';
import { Database, Outbox, type Tx } from '@countersign/store';
import { RECORD_QUERIES, recordOf, type RecordRow } from './records.js';
import { found, missing, taken } from './refusals.js';
import type { StoredPerson } from './registry-rows.js';

/** A person that is to be. */
export interface NewOperator {
  readonly org: string;
  readonly operator: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly kid: string;
  readonly publicKey: string;
}

const KEY_CONSTRAINT = 'operator_kid_key';

/** Rows of people. Every change leaves its record in the outbox in the same transaction. */
@Injectable()
export class OperatorStore {
  constructor(private readonly database: Database) {}

  /** Adds a person; refuses a key that anybody has or had, and a name that is taken in the organisation. */
  async create({ org, operator, name, roles, kid, publicKey }: NewOperator): Promise<void> {
    await this.database.tenant(org, async (tx) => {
      await tx
        .query(
          `insert into registry.operator (org_id, operator_id, name, roles, kid, public_key, status) values ($1, $2, $3, $4, $5, $6, 'ACTIVE')`,
          [org, operator, name, JSON.stringify(roles), kid, publicKey],
        )
        .catch(keyInUse)
        .catch(missing('org', org))
        .catch(taken('name', name));
      await publish(tx, org, operator);
    });
  }

  /** Gives a person other roles. One who is disabled stays as they are. */
  async setRoles(org: string, operator: string, roles: readonly Role[]): Promise<void> {
    await this.#update(
      org,
      operator,
      `roles = $3, version = version + 1, updated_at = clock_timestamp() where org_id = $1 and operator_id = $2 and status = 'ACTIVE'`,
      [JSON.stringify(roles)],
    );
  }

  /** Disables a person for good; once it was for cause, it stays for cause. */
  async disable(org: string, operator: string, forCause: boolean): Promise<void> {
    await this.#update(
      org,
      operator,
      `status = 'DISABLED', for_cause = for_cause or $3, version = version + 1, updated_at = clock_timestamp() where org_id = $1 and operator_id = $2`,
      [forCause],
    );
  }

  /** People of an organisation by name, disabled ones included. */
  async list(org: string): Promise<readonly OperatorRecord[]> {
    return this.database.tenant(org, (tx) => records(tx, 'p.org_id = $1 order by p.name', [org]));
  }

  /** Whoever has this key, whosever person they are: the callout does not know the organisation yet. */
  async byKeyId(kid: string): Promise<StoredPerson | undefined> {
    const [row] = await this.database.system((tx) =>
      tx.last<StoredPerson>('select org_id, operator_id, public_key, status from registry.operator where kid = $1', [
        kid,
      ]),
    );
    return row;
  }

  async #update(org: string, operator: string, set: string, params: readonly unknown[]): Promise<void> {
    await this.database.tenant(org, async (tx) => {
      const [row] = await tx.query(`update registry.operator set ${set} returning operator_id`, [
        org,
        operator,
        ...params,
      ]);
      found(row, 'operator', operator);
      await publish(tx, org, operator);
    });
  }
}

function keyInUse(error: unknown): never {
  if (error instanceof Error && 'constraint' in error && error.constraint === KEY_CONSTRAINT)
    throw new CommandRefused('CREDENTIAL_KEY_IN_USE', 'somebody has this key already; make a new one', 'publicKey');
  throw error;
}

async function records(tx: Tx, where: string, params: readonly unknown[]): Promise<readonly OperatorRecord[]> {
  const rows = await tx.query<RecordRow>(`${RECORD_QUERIES.operator} where ${where}`, params);
  return rows.flatMap((row) => {
    const record = recordOf('operator', row);
    return record.kind === 'operator' ? [record] : [];
  });
}

async function publish(tx: Tx, org: string, operator: string): Promise<void> {
  for (const record of await records(tx, 'p.org_id = $1 and p.operator_id = $2', [org, operator]))
    await Outbox.write(tx, 'registry', {
      key: readModelKey.operator(record.org, record.operator),
      version: record.version,
      body: record,
    });
}
