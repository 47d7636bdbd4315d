import { DependencyUnavailable } from '@countersign/bus';
import { DatabaseUnavailable, type Database, type Tx } from '@countersign/store';

/** A transaction turned out to write for an organisation that it was not begun for; it is rolled back and begun for that one too. */
export class OtherOrganizations extends Error {
  readonly code = 'OTHER_ORGANIZATIONS';
  constructor(readonly orgs: readonly string[]) {
    super('a transaction has to write for another organisation');
  }
}

/** A transaction on behalf of organisations, of which more may turn out to be needed when rows are locked: what two organisations are asked stands with each. */
export async function onBehalfOf<T>(
  database: Database,
  orgs: readonly string[],
  run: (tx: Tx, orgs: readonly string[]) => Promise<T>,
): Promise<T> {
  const sorted = [...new Set(orgs)].sort();
  try {
    return await database.tenants(sorted, (tx) => run(tx, sorted));
  } catch (error) {
    if (error instanceof OtherOrganizations) return onBehalfOf(database, [...sorted, ...error.orgs], run);
    throw error instanceof DatabaseUnavailable ? new DependencyUnavailable('postgresql', { cause: error }) : error;
  }
}
