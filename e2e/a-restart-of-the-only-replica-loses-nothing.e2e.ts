import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { COMMANDS, isTerminal } from '@countersign/contracts';
import type { ServiceName } from '@countersign/local';
import { echoPair, type Organisation } from './support/organisation.js';
import { recordedDecisions } from './support/recorded-decisions.js';
import { replicasOf, startAnother, terminate, type Ending } from './support/rolling.js';
import { startLocalSystem, type LocalRunningSystem } from './support/running-system.js';
import { SteadyLoad } from './support/steady-load.js';

jest.setTimeout(300_000);

const ORDER: readonly ServiceName[] = ['dispatcher', 'audit', 'budget', 'registry', 'guardrails', 'policy', 'trust'];

describe('a restart of every service that has one replica, under load', () => {
  let running: LocalRunningSystem;
  let org: Organisation;
  let load: SteadyLoad;
  let handled: readonly string[];
  const endings: Ending[] = [];

  beforeAll(async () => {
    running = await startLocalSystem('restart-of-one');
    const pair = await echoPair(running);
    ({ org, handled } = pair);
    load = new SteadyLoad(pair.client, { target: org.idOf('target'), taskType: 'echo', deadlineMs: 60_000 }, 10);
  });

  afterAll(async () => {
    await load?.stop();
    await org?.close();
    await running?.stop();
  });

  it.each(ORDER)('ends %s, and starts it again', async (service) => {
    for (const name of replicasOf(running, service)) endings.push(await terminate(running, name));
    await startAnother(running, service);
  });

  it('ends each by itself within the time it has', () => {
    expect(endings.filter(({ code, complaints }) => code !== 0 || complaints.length > 0)).toEqual([]);
    expect(endings).toHaveLength(ORDER.length);
  });

  it('ends every task: completed, or denied because a verdict was missing, never for another reason', async () => {
    await load.stop();
    const ends = load.ids.map((id) => load.ends.get(id));
    expect(ends.filter((end) => end?.state === 'NOT_ACCEPTED' || end?.state === 'NOT_FOUND')).toEqual([]);
    expect(
      ends.filter(
        (end) =>
          end === undefined || (end.state !== 'NOT_ACCEPTED' && end.state !== 'NOT_FOUND' && !isTerminal(end.state)),
      ),
    ).toEqual([]);
    const others = ends.filter(
      (end) =>
        end?.state !== 'COMPLETED' &&
        !(end?.state === 'DENIED' && 'code' in end && ['VERDICT_TIMEOUT', 'CONTROL_ERROR'].includes(end.code ?? '')),
    );
    expect(others).toEqual([]);
  });

  it('hands none over twice, and every completed one once', () => {
    expect(new Set(handled).size).toBe(handled.length);
    const completed = load.ids.filter((id) => load.ends.get(id)?.state === 'COMPLETED');
    expect([...handled].sort()).toEqual(completed.sort());
    expect(completed.length).toBeGreaterThan(load.ids.length / 3);
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
