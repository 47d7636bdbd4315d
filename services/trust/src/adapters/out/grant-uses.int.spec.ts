import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AgentRef } from '@countersign/contracts';
import type { Database } from '@countersign/store';
import { anAgent, testDatabase, type TestDatabase } from '@countersign/testing';
import { MOST_USES } from '../../domain/bounded-uses.js';
import { trustMigrations } from '../../migrations/index.js';
import { AgentFile } from './agent-file.js';
import type { UseOfAgent } from './grant-uses.js';
import { ObservationStore, type Observed } from './observation.store.js';
import { StandingStore } from './standing.store.js';

const NOW = Date.UTC(2026, 10, 22);
const NOTHING: Observed = { observations: [], uses: [], handOvers: [], ended: [], rejections: [] };
let testing: TestDatabase;
let database: Database;
beforeAll(async () => {
  testing = await testDatabase('trust', trustMigrations);
  database = await testing.open();
});
afterAll(() => testing.drop());

const aUse = (agent: AgentRef, entry: string, at: number, more: Partial<UseOfAgent> = {}): UseOfAgent => ({
  ...{ agent, kind: 'models', entry, at, declared: false },
  ...more,
});
const stored = async (agent: AgentRef): Promise<readonly string[]> =>
  (
    await testing.asSuper<{ entry: string }>(
      `select kind || ' ' || entry as entry from trust.grant_use where agent_id = $1 order by last_used_at, entry collate "C"`,
      [agent.agent],
    )
  ).map(({ entry }) => entry);

describe('uses of grants', () => {
  it('stay bounded whatever names a target invents, and lose none that the own side wrote down', async () => {
    const agent = anAgent();
    const other = anAgent({ org: agent.org });
    const store = new ObservationStore(database);
    const old = [
      aUse(agent, 'gpt-own', NOW - 9, { declared: true }),
      aUse(agent, 'gpt-seen', NOW - 8),
      aUse(agent, 'search', NOW - 7, { kind: 'tools' }),
      aUse(other, 'gpt-other', NOW - 6),
    ];
    await store.record({ ...NOTHING, uses: old });
    for (let batch = 0; batch < 12; batch += 1) {
      const uses = Array.from({ length: 100 }, (_, i) => {
        const n = batch * 100 + i;
        return aUse(agent, `invented-${String(n).padStart(4, '0')}`, NOW + n);
      });
      await store.record({ ...NOTHING, uses });
    }
    const newest = Array.from(
      { length: MOST_USES },
      (_, i) => `models invented-${String(1_200 - MOST_USES + i).padStart(4, '0')}`,
    );
    expect(await stored(agent)).toEqual(['models gpt-own', 'tools search', ...newest]);
    expect(await stored(other)).toEqual(['models gpt-other']);
    const rows = await new StandingStore(database).usesSince('2026-01-01T00:00:00.000Z', 5_000);
    const file = new AgentFile();
    for (const row of rows) if (row.agent_id === agent.agent) file.use(row);
    expect(file.evidence(NOW).uses.length).toBe(MOST_USES + 2);
  });

  it('are noted again once they are older, and when somebody writes the entry down', async () => {
    const agent = anAgent();
    const store = new ObservationStore(database);
    const noted = (): Promise<unknown> =>
      testing.asSuper('select declared, last_used_at from trust.grant_use where agent_id = $1', [agent.agent]);
    const at = (offset: number): Date => new Date(NOW + offset);
    await store.record({ ...NOTHING, uses: [aUse(agent, 'm', NOW)] });
    await store.record({ ...NOTHING, uses: [aUse(agent, 'm', NOW + 3_600_000)] });
    expect(await noted()).toEqual([{ declared: false, last_used_at: at(0) }]);
    await store.record({ ...NOTHING, uses: [aUse(agent, 'm', NOW + 3_660_001)] });
    expect(await noted()).toEqual([{ declared: false, last_used_at: at(3_660_001) }]);
    await store.record({ ...NOTHING, uses: [aUse(agent, 'm', NOW + 3_660_002, { declared: true })] });
    expect(await noted()).toEqual([{ declared: true, last_used_at: at(3_660_002) }]);
  });
});
