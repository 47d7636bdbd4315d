import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { COMMANDS } from '@countersign/contracts';
import type { ServiceName } from '@countersign/local';
import { echoPair, type Organisation } from './support/organisation.js';
import { recordedDecisions } from './support/recorded-decisions.js';
import { roll, type Ending } from './support/rolling.js';
import { startLocalSystem, type LocalRunningSystem } from './support/running-system.js';
import { GROWING_TABLE, migrateStep } from './support/schema-step.js';
import { SteadyLoad } from './support/steady-load.js';

jest.setTimeout(600_000);

const PER_SECOND = 10;
const DEADLINE_MS = 60_000;
/** In no particular order: a release may come to any service first. */
const ORDER: readonly ServiceName[] = ['audit', 'registry', 'dispatcher', 'policy', 'budget', 'guardrails', 'trust'];

describe('a release that rolls through every service under load', () => {
  let running: LocalRunningSystem;
  let org: Organisation;
  let load: SteadyLoad;
  let handled: readonly string[];
  const endings: Ending[] = [];

  beforeAll(async () => {
    const two = Object.fromEntries(ORDER.map((service) => [service, 2]));
    running = await startLocalSystem('rolling', { replicas: two });
    const pair = await echoPair(running);
    ({ org, handled } = pair);
    load = new SteadyLoad(
      pair.client,
      { target: org.idOf('target'), taskType: 'echo', deadlineMs: DEADLINE_MS },
      PER_SECOND,
    );
  });

  afterAll(async () => {
    await load?.stop();
    await org?.close();
    await running?.stop();
  });

  it.each(ORDER)('grows the schema of %s, replaces its replicas, and takes the column away again', async (service) => {
    const column = `${service}.${GROWING_TABLE[service]}`;
    await migrateStep(running, service, {
      name: '999901010000-expand',
      statements: [`alter table ${column} add column journey text`],
    });
    endings.push(...(await roll(running, service)));
    await migrateStep(running, service, {
      name: '999901020000-contract',
      statements: [`alter table ${column} drop column journey`],
    });
  });

  it('ends every replica that was told to within the time it has, by itself', () => {
    expect(endings).toHaveLength(2 * ORDER.length);
    expect(endings.filter(({ code, complaints }) => code !== 0 || complaints.length > 0)).toEqual([]);
  });

  it('completes every task, and so before its deadline', async () => {
    await load.stop();
    expect(load.ids.length).toBeGreaterThan(100);
    expect(load.ids.map((id) => load.ends.get(id)).filter((end) => end?.state !== 'COMPLETED')).toEqual([]);
  });

  it('hands each over once', () => {
    expect([...handled].sort()).toEqual([...load.ids].sort());
  });

  it('decides each once, in a record that verifies, and the ledger balances', async () => {
    const { commands } = running.operator;
    expect(await commands.call(COMMANDS.audit.verify, { org: org.id }, { timeoutMs: 60_000 })).toMatchObject({
      ok: true,
      firstBad: null,
    });
    const decided = await recordedDecisions(running.operator, org.id);
    expect(load.ids.filter((id) => decided.get(id) !== 1)).toEqual([]);
    expect(await commands.call(COMMANDS.budget.check, { org: org.id })).toEqual({ balanced: true, differences: [] });
  });
});
