import { expect, it } from '@jest/globals';
import { schemaAudit, testDatabase } from '@countersign/testing';
import { policyMigrations } from './index.js';

it('the schema of policy shows no organisation to another', async () => {
  const database = await testDatabase('policy', policyMigrations);
  try {
    const findings = await schemaAudit(database.superUrl, 'policy');
    expect(findings).toEqual([]);
  } finally {
    await database.drop();
  }
});
