import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { schemaAudit, testDatabase, type TestDatabase } from '@countersign/testing';
import { trustMigrations } from './index.js';

jest.setTimeout(60_000);

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('trust', trustMigrations);
});
afterAll(() => database.drop());

describe('the schema of trust', () => {
  it('shows no organisation to another and no service to another', async () => {
    expect(await schemaAudit(database.superUrl, 'trust')).toEqual([]);
  });
});
