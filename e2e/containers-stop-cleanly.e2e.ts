import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { COMMANDS, isTerminal, type AnswerData } from '@countersign/contracts';
import { SERVICES } from '@countersign/installation';
import type { Agent } from '@countersign/agent-sdk';
import { isComposed } from './support/composed-system.js';
import { echoPair, type Organisation } from './support/organisation.js';
import { startSystem, untilReady, type RunningSystem } from './support/running-system.js';

const DEADLINE_MS = 60_000;
const IN_FLIGHT = 20;
/** docker ends with SIGKILL (137) whatever has not ended by itself after this long. */
const GRACE_SECONDS = '5';

const docker = (...args: readonly string[]): string => spawnSync('docker', args, { encoding: 'utf8' }).stdout.trim();

/** Only where there are containers: `npm run image:check` and `npm run e2e:compose`. */
(isComposed ? describe : describe.skip)('containers that are told to stop while tasks come in', () => {
  let running: RunningSystem;
  let org: Organisation;
  let client: Agent;
  let handled: readonly string[];
  let submitting = true;
  const answers: AnswerData[] = [];
  let submitted = 0;
  let load: Promise<unknown>;

  beforeAll(async () => {
    running = await startSystem('stop');
    ({ org, client, handled } = await echoPair(running));
    load = Promise.all(Array.from({ length: IN_FLIGHT }, () => submitOn()));
  });

  afterAll(async () => {
    submitting = false;
    await load?.catch(() => undefined);
    await org?.close();
    await running?.stop();
  });

  async function submitOn(): Promise<void> {
    while (submitting) {
      const deadline = new Date(Date.now() + DEADLINE_MS).toISOString();
      // what was not accepted was said not to be
      const answer = await client
        .submit({ target: org.idOf('target'), taskType: 'echo', text: 'hello', deadline })
        .catch((error: unknown) => void error);
      submitted += 1;
      if (answer !== undefined) answers.push(answer);
    }
  }

  it.each(SERVICES)('%s ends by itself in time, with 0, and comes back', async (service) => {
    const container = `${process.env['COUNTERSIGN_COMPOSED_PROJECT'] ?? ''}-${service}-1`;
    const before = answers.length;
    docker('stop', '--time', GRACE_SECONDS, container);
    expect(docker('inspect', '--format', '{{.State.ExitCode}} {{.State.OOMKilled}}', container)).toBe('0 false');
    docker('start', container);
    await untilReady(running, service);
    while (answers.length < before + IN_FLIGHT) await new Promise((resolve) => setTimeout(resolve, 50));
  });

  it('loses no task and hands none over twice', async () => {
    submitting = false;
    await load;
    expect(answers.length).toBe(submitted);
    expect(answers.filter(({ state }) => state === 'NOT_FOUND' || !isTerminal(state))).toEqual([]);
    expect(new Set(handled).size).toBe(handled.length);
    const completed = answers.filter(({ state }) => state === 'COMPLETED').map(({ task }) => task);
    expect(completed.filter((task) => !handled.includes(task))).toEqual([]);
  });

  it('leaves a ledger that balances and a record that verifies', async () => {
    expect(await running.operator.commands.call(COMMANDS.budget.check, { org: org.id })).toMatchObject({
      balanced: true,
    });
    expect(await running.operator.commands.call(COMMANDS.audit.verify, { org: org.id })).toMatchObject({ ok: true });
  });
});
