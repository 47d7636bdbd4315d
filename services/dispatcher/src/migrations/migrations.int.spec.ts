import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { schemaAudit, testDatabase, type TestDatabase } from '@countersign/testing';
import { dispatcherMigrations } from './index.js';

jest.setTimeout(60_000);

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('dispatcher', dispatcherMigrations);
});
afterAll(() => database.drop());

describe('the schema of dispatcher', () => {
  it('shows no organisation to another and no service to another', async () => {
    // the id of a grant is made here at random, and a result that names one is looked up by it
    expect(await schemaAudit(database.superUrl, 'dispatcher', { except: ['task_grant_id_key'] })).toEqual([]);
  });
});
