import { expect, it } from '@jest/globals';
import { schemaAudit, testDatabase } from '@countersign/testing';
import { guardrailsMigrations } from './index.js';

it('the schema of guardrails shows no organisation to another', async () => {
  const database = await testDatabase('guardrails', guardrailsMigrations);
  try {
    const findings = await schemaAudit(database.superUrl, 'guardrails');
    expect(findings).toEqual([]);
  } finally {
    await database.drop();
  }
});
