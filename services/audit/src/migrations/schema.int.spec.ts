import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { schemaAudit, testDatabase, type TestDatabase } from '@countersign/testing';
import { auditMigrations } from './index.js';

let testing: TestDatabase;

beforeAll(async () => {
  testing = await testDatabase('audit', auditMigrations);
}, 30_000);
afterAll(() => testing.drop());

it('the schema of audit shows no organisation to another', async () => {
  expect(await schemaAudit(testing.superUrl, 'audit')).toEqual([]);
});

it('a new month of payloads is stored and sampled as its parent is', async () => {
  const database = await testing.open();
  await database.installation((tx) => tx.query('select audit.open_epoch(203001)'));
  const columns = (table: string): Promise<object[]> =>
    testing.asSuper(
      `select attname, attstorage, attstattarget from pg_attribute where attrelid = '${table}'::regclass and attnum > 0 order by attnum`,
    );
  expect(await columns('audit.payload_203001')).toEqual(await columns('audit.payload'));
  expect(await columns('audit.payload')).toContainEqual({ attname: 'sealed', attstorage: 'e', attstattarget: 0 });
});
