import { expect, it } from '@jest/globals';
import { schemaAudit, testDatabase } from '@countersign/testing';
import { trustMigrations } from './index.js';

it('the schema of trust shows no organisation to another', async () => {
  const database = await testDatabase('trust', trustMigrations);
  try {
    const findings = await schemaAudit(database.superUrl, 'trust');
    expect(findings).toEqual([]);
  } finally {
    await database.drop();
  }
});
