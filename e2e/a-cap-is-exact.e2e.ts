import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { COMMANDS } from '@countersign/contracts';
import { Organisation } from './support/organisation.js';
import { startSystem, type RunningSystem } from './support/running-system.js';

const TASKS = 200;
const REPLICAS = 3;
const PASS = 10;
const TEN_DOLLARS = '10000000';
const CAP = '100000000';

describe('a cap of $100', () => {
  let running: RunningSystem;
  let org: Organisation;

  beforeAll(async () => {
    running = await startSystem('cap', { replicas: { budget: REPLICAS } });
    org = await Organisation.create(running);
    for (const name of ['client', 'target']) await org.agent(name);
    await org.connect('client', 'target', { monthlyCapMicros: CAP });
  });

  afterAll(async () => {
    await org?.close();
    await running?.stop();
  });

  it(`lets exactly ${PASS} of ${TASKS} synchronised tasks of $10 pass over ${REPLICAS} replicas of budget`, async () => {
    const [client, target] = [await org.connected('client'), await org.connected('target')];
    await org.untilKnown(client, 'target');
    // nothing is given back before all are decided
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    let handled = 0;
    target.serve(
      async () => {
        handled += 1;
        await gate;
        return { parts: [{ text: 'done' }] };
      },
      { concurrency: TASKS },
    );
    let denied = 0;
    const submissions = Array.from({ length: TASKS }, async () => {
      const answer = await client.submit({
        target: org.idOf('target'),
        taskType: 'echo',
        text: 'spend',
        maxCostMicros: TEN_DOLLARS,
      });
      if (answer.state === 'DENIED') denied += 1;
      if (denied === TASKS - PASS) open();
      return answer;
    });
    const timeout = setTimeout(open, 30_000);
    const answers = await Promise.all(submissions);
    clearTimeout(timeout);
    expect(handled).toBe(PASS);
    expect(answers.filter(({ state }) => state === 'COMPLETED')).toHaveLength(PASS);
    const refusals = answers.filter(({ state }) => state === 'DENIED').map(({ code }) => code);
    expect(refusals).toEqual(Array(TASKS - PASS).fill('BUDGET_CONNECTION_EXHAUSTED'));
  });

  it('leaves a ledger that balances', async () => {
    const check = await running.operator.commands.call(COMMANDS.budget.check, { org: org.id });
    expect(check).toEqual({ balanced: true, differences: [] });
  });
});
