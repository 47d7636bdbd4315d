import { expect, it } from '@jest/globals';
import { schemaAudit, testDatabase } from '@countersign/testing';
import { budgetMigrations } from './index.js';

it('the schema of budget shows no organisation to another', async () => {
  const database = await testDatabase('budget', budgetMigrations);
  try {
    const findings = await schemaAudit(database.superUrl, 'budget');
    expect(findings).toEqual([]);
  } finally {
    await database.drop();
  }
});
