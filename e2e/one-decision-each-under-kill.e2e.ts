import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { COMMANDS, isTerminal, type AnswerData } from '@countersign/contracts';
import { SystemClock, SystemRandom, uuidV7 } from '@countersign/primitives';
import { echoPair, type Organisation } from './support/organisation.js';
import { startSystem, type RunningSystem } from './support/running-system.js';
import type { Agent } from '@countersign/agent-sdk';

const TASKS = 5_000;
const IN_FLIGHT = 200;
const DEADLINE_MS = 30_000;
/** After so many answers this process is killed as a power cut would. */
const KILLS: readonly (readonly [after: number, name: string])[] = [
  [500, 'dispatcher'],
  [1_200, 'policy'],
  [2_000, 'dispatcher-2'],
  [2_800, 'nats-server'],
  [3_600, 'dispatcher'],
  [4_200, 'audit'],
];

describe('5,000 tasks while dispatchers, controls and nats-server are killed', () => {
  let running: RunningSystem;
  let org: Organisation;
  let client: Agent;
  let handled: readonly string[];
  const ids: string[] = [];
  const answers = new Map<string, AnswerData>();

  beforeAll(async () => {
    running = await startSystem('kill', { replicas: { dispatcher: 2 } });
    ({ org, client, handled } = await echoPair(running));
  });

  afterAll(async () => {
    await org?.close();
    await running?.stop();
  });

  function kill(name: string): void {
    if (name === 'nats-server') running.system.nats.kill('SIGKILL');
    else running.system.services.get(name)?.kill('SIGKILL');
  }

  async function submitOne(id: string): Promise<void> {
    const deadline = new Date(Date.now() + DEADLINE_MS).toISOString();
    // not accepted is said so, and the same task may be submitted again: it is the same task
    for (;;) {
      const task = { id, target: org.idOf('target'), taskType: 'echo', text: 'hello', deadline };
      const answer = await client.submit(task).catch(() => undefined);
      if (answer !== undefined) return void answers.set(id, answer);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  it('ends every one of them', async () => {
    const kills = [...KILLS];
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < TASKS) {
        next += 1;
        const id = uuidV7(new SystemClock().now(), new SystemRandom());
        ids.push(id);
        await submitOne(id);
        const [due] = kills;
        if (due !== undefined && answers.size >= due[0]) {
          kills.shift();
          kill(due[1]);
        }
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
    expect(kills).toEqual([]);
    expect(answers.size).toBe(TASKS);
    expect([...answers.values()].filter(({ state }) => state === 'NOT_FOUND' || !isTerminal(state))).toEqual([]);
  });

  it('hands none over twice', () => {
    expect(new Set(handled).size).toBe(handled.length);
  });

  it('answers none that was not handed over, and completes most', () => {
    const completed = ids.filter((id) => answers.get(id)?.state === 'COMPLETED');
    expect(completed.filter((id) => !handled.includes(id))).toEqual([]);
    expect(completed.length).toBeGreaterThan(TASKS / 2);
  });

  it('decides each once, in a record that verifies', async () => {
    const verified = await running.operator.commands.call(
      COMMANDS.audit.verify,
      { org: org.id },
      { timeoutMs: 60_000 },
    );
    expect(verified).toMatchObject({ ok: true, firstBad: null });
    const decided = new Map<string, number>();
    // a page ends where a message is full
    for (let from = 0; from < verified.size;) {
      const { entries } = await running.operator.commands.call(COMMANDS.audit.export, { org: org.id, from });
      expect(entries).not.toHaveLength(0);
      from += entries.length;
      for (const { header } of entries) {
        const { type, task } = JSON.parse(header) as { readonly type: string; readonly task?: string };
        if (type === 'decided' && task !== undefined) decided.set(task, (decided.get(task) ?? 0) + 1);
      }
    }
    expect([...decided].filter(([, times]) => times !== 1)).toEqual([]);
    expect(ids.filter((id) => !decided.has(id))).toEqual([]);
  });

  it('leaves a ledger that balances', async () => {
    const check = await running.operator.commands.call(COMMANDS.budget.check, { org: org.id });
    expect(check).toEqual({ balanced: true, differences: [] });
  });
});
