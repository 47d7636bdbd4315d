import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { COMMANDS } from '@countersign/contracts';
import type { Agent } from '@countersign/agent-sdk';
import { announceKey, changeKey, retireKeys, SERVICES, type ServiceName } from '@countersign/installation';
import { connectOperator } from '@countersign/local';
import { echoPair, type Organisation } from './support/organisation.js';
import { roll } from './support/rolling.js';
import { startLocalSystem, type LocalRunningSystem } from './support/running-system.js';

/** Whoever answers agents, and whoever hands over to them and answers for their tasks: what their keys sign is checked outside. */
const CHANGED = ['registry', 'dispatcher'] as const;

describe('the signing keys of services', () => {
  let running: LocalRunningSystem;
  let [org, client]: [Organisation, Agent] = [] as never;

  beforeAll(async () => {
    running = await startLocalSystem('keys');
    ({ org, client } = await echoPair(running));
  });

  afterAll(async () => {
    await org?.close();
    await running?.stop();
  });

  async function startAnew(services: readonly ServiceName[]): Promise<void> {
    for (const service of services) await roll(running, service);
  }
  const passes = async (): Promise<void> => {
    const answer = await client.submit({ target: org.idOf('target'), taskType: 'echo', text: 'hello' });
    expect(answer).toMatchObject({ state: 'COMPLETED' });
  };
  const keys = (): string => running.system.folders.keys;

  it('are announced: everybody has the new bundle, and nothing is signed with them yet', async () => {
    for (const service of CHANGED) announceKey(keys(), service, Date.now());
    await startAnew(SERVICES);
    await passes();
  });

  it('are changed, and agents that stayed connected believe what is signed with them', async () => {
    for (const service of CHANGED) changeKey(keys(), service);
    await startAnew(CHANGED);
    await passes();
    expect(await client.peers()).toHaveLength(1);
  });

  it('count alone when those of before have ended', async () => {
    for (const service of CHANGED) retireKeys(keys(), service, Date.now());
    await startAnew(SERVICES);
    await passes();
    expect(await client.peers()).toHaveLength(1);
  });

  it('leave a record that verifies from its first entry on', async () => {
    const operator = await connectOperator(running.system.run);
    const verified = await operator.commands.call(COMMANDS.audit.verify, { org: org.id });
    expect(verified).toMatchObject({ ok: true, size: 15 });
    await operator.close();
  });
});
