import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { COMMANDS } from '@countersign/contracts';
import { echoPair, type Organisation } from './support/organisation.js';
import { startSystem, type RunningSystem } from './support/running-system.js';

const TASKS = 30;
const LIMIT = 10;

describe('a policy over three replicas', () => {
  let running: RunningSystem;
  let org: Organisation;
  let pair: Awaited<ReturnType<typeof echoPair>>;
  let connection: string;

  beforeAll(async () => {
    running = await startSystem('policy', { replicas: { policy: 3 } });
    pair = await echoPair(running, { tools: ['read_file'], rate: { perMinute: null, perHour: LIMIT } });
    org = pair.org;
    const { connections } = await running.operator.commands.call(COMMANDS.registry.connectionList, { org: org.id });
    connection = connections[0]?.connection ?? '';
  });

  afterAll(async () => {
    await org?.close();
    await running?.stop();
  });

  const submit = (parts: { readonly tools?: string[] } = {}) =>
    pair.client.submit({ target: org.idOf('target'), taskType: 'echo', text: 'hello', ...parts });

  it('denies a tool that is on no list, and takes no token for it', async () => {
    expect(await submit({ tools: ['shell'] })).toMatchObject({ state: 'DENIED', code: 'TOOL_NOT_ALLOWED' });
  });

  it(`lets exactly ${LIMIT} of ${TASKS} tasks at once pass in an hour`, async () => {
    const answers = await Promise.all(Array.from({ length: TASKS }, () => submit()));
    expect(answers.filter(({ state }) => state === 'COMPLETED')).toHaveLength(LIMIT);
    expect(answers.filter(({ state }) => state === 'DENIED').map(({ code }) => code)).toEqual(
      Array(TASKS - LIMIT).fill('RATE_LIMITED'),
    );
    expect(pair.handled).toHaveLength(LIMIT);
  });

  it('tells what all levels come to, and every version', async () => {
    const { commands } = running.operator;
    const found = await commands.call(COMMANDS.policy.effectiveShow, { org: org.id, connection });
    expect(found).toMatchObject({
      effective: { taskTypes: ['echo'], tools: ['read_file'], rates: ['connection: 10 an hour'], hopsLeft: 4 },
      versions: { connection: 1 },
    });
    const scope = { kind: 'connection', org: org.id, connection } as const;
    expect(await commands.call(COMMANDS.policy.set, { scope, change: { rate: null } })).toEqual({ policyVersion: 2 });
    const [first, second, third] = await Promise.all(
      [1, 2, 3].map((version) => commands.call(COMMANDS.policy.show, { scope, version })),
    );
    expect(first?.policy?.document.rate).toEqual({ perMinute: null, perHour: LIMIT });
    expect(second?.policy?.document.rate).toBeNull();
    expect(third?.policy).toBeNull();
  });

  it('is linted against the other levels of its connection before it is set', async () => {
    const { commands } = running.operator;
    await commands.call(COMMANDS.policy.set, {
      scope: { kind: 'agent', org: org.id, agent: org.idOf('client') },
      change: { tools: ['read_file'] },
    });
    const document = { taskTypes: ['echo'], tools: ['shell'] };
    const within = { org: org.id, connection };
    // another replica may answer, and its read model follows
    let found = await commands.call(COMMANDS.policy.lint, { kind: 'connection', document, within });
    for (let i = 0; i < 100 && found.warnings.length === 0; i += 1) {
      await new Promise((resume) => setTimeout(resume, 50));
      found = await commands.call(COMMANDS.policy.lint, { kind: 'connection', document, within });
    }
    expect(found.errors).toEqual([]);
    expect(found.warnings).toEqual([{ field: 'tools', message: expect.stringContaining('client') as unknown }]);
  });
});
