import { expect, it } from '@jest/globals';
import { schemaAudit, testDatabase } from '@countersign/testing';
import { stuckIn } from '../adapters/out/task-rows.js';
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

it.each([
  ['EVALUATING', 'task_evaluating'],
  ['SCREENING', 'task_in_flight'],
] as const)('what is stuck in %s is found without reading every task', async (state, index) => {
  const database = await testDatabase('dispatcher', dispatcherMigrations);
  try {
    const store = await database.open();
    const plan = await store.system((tx) =>
      tx.query(`explain select t.record from dispatcher.task t where ${stuckIn(state)} limit 200`),
    );
    expect(JSON.stringify(plan)).toContain(`using ${index} `);
  } finally {
    await database.drop();
  }
});
