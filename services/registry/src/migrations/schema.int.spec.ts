import { expect, it } from '@jest/globals';
import { schemaAudit, testDatabase } from '@countersign/testing';
import { registryMigrations } from './index.js';

it('the schema of registry shows no organisation to another', async () => {
  const database = await testDatabase('registry', registryMigrations);
  try {
    const findings = await schemaAudit(database.superUrl, 'registry', {
      // random values, and names that the operator alone gives
      except: ['credential_client_id_key', 'operator_kid_key', 'organization_name'],
    });
    expect(findings).toEqual([]);
  } finally {
    await database.drop();
  }
});
