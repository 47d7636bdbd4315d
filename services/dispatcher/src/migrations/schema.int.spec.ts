import { expect, it } from '@jest/globals';
import { schemaAudit, testDatabase } from '@countersign/testing';
import { dispatcherMigrations } from './index.js';

it('the schema of dispatcher shows no organisation to another', async () => {
  const database = await testDatabase('dispatcher', dispatcherMigrations);
  try {
    const findings = await schemaAudit(database.superUrl, 'dispatcher', {
      // ids of grants are random and are looked up before the organisation is known
      except: ['task_grant_id_key'],
    });
    expect(findings).toEqual([]);
  } finally {
    await database.drop();
  }
});
