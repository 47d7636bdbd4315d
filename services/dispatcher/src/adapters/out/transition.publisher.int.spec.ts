import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { FrameWriter } from '@countersign/bus';
import { anId, capturedLog, testDatabase, type TestDatabase } from '@countersign/testing';
import { dispatcherMigrations } from '../../migrations/index.js';
import { TransitionPublisher } from './transition.publisher.js';

let testing: TestDatabase;

beforeAll(async () => {
  testing = await testDatabase('dispatcher', dispatcherMigrations);
}, 30_000);
afterAll(() => testing.drop());

it('a claim that does not come into the record is published again, and told of once until it does', async () => {
  const [org, agent, task] = [anId(), anId(), anId()];
  const item = { type: 'claimed', task: { org, agent, id: task } };
  const insert = (seconds: number, kind: string): Promise<object[]> =>
    testing.asSuper(
      `insert into dispatcher.unrecorded (org_id, agent_id, task_id, attempt, round, kind, item, at) values ($1, $2, $3, 1, 1, $4, $5, clock_timestamp() - make_interval(secs => $6))`,
      [org, agent, task, kind, JSON.stringify(item), seconds],
    );
  const log = capturedLog('dispatcher');
  const published: object[] = [];
  const writer = { write: async (_kind: string, items: readonly object[]) => void published.push(...items) };
  const publisher = new TransitionPublisher(writer as unknown as FrameWriter, await testing.open(), log.logger);
  const alerts = (): readonly unknown[] => log.lines.filter((line) => line['alert'] === 'AUDIT_WRITE_FAILING');

  await insert(20, 'claimed');
  await publisher.republish(10_000);
  expect(alerts()).toEqual([]);
  await insert(70, 'finished');
  await publisher.republish(10_000);
  await publisher.republish(10_000);
  expect(alerts()).toMatchObject([{ count: 1 }]);
  expect(published).toContainEqual(item);

  await testing.asSuper('delete from dispatcher.unrecorded');
  await publisher.republish(10_000);
  await insert(70, 'claimed');
  await publisher.republish(10_000);
  expect(alerts()).toHaveLength(2);
  await publisher.stop();
});
