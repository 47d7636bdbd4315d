import { expect, it } from '@jest/globals';
import { schemaAudit, testDatabase } from '@countersign/testing';
import { auditMigrations } from './index.js';

it('the schema of audit shows no organisation to another', async () => {
  const database = await testDatabase('audit', auditMigrations);
  try {
    const findings = await schemaAudit(database.superUrl, 'audit');
    expect(findings).toEqual([]);
  } finally {
    await database.drop();
  }
});
