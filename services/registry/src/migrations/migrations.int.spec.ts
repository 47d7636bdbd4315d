import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { schemaAudit, testDatabase, type TestDatabase } from '@countersign/testing';
import { registryMigrations } from './index.js';

jest.setTimeout(60_000);

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('registry', registryMigrations);
});
afterAll(() => database.drop());

describe('the schema of registry', () => {
  it('shows no organisation to another and no service to another', async () => {
    // a client id is random, and found before its organisation is known; the name of an organisation is given by the operator alone, who sees all of them
    expect(
      await schemaAudit(database.superUrl, 'registry', { except: ['credential_client_id_key', 'organization_name'] }),
    ).toEqual([]);
  });
});
