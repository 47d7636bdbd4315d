import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Agent, AnswerData } from '@countersign/agent-sdk';
import {
  COMMANDS,
  deliverySubject,
  GRANT_HEADER,
  resultSubject,
  taskSubject,
  type CredentialFile,
  type TaskKey,
} from '@countersign/contracts';
import { SystemRandom, uuidV7 } from '@countersign/primitives';
import { echoPair, Organisation } from './support/organisation.js';
import { startSystem, type RunningSystem } from './support/running-system.js';

jest.setTimeout(60_000);

const DEEP = '['.repeat(100_000) + ']'.repeat(100_000);
const now = (): string => new Date().toISOString();
const anId = (): string => uuidV7(Date.now(), new SystemRandom());

/** Speaks for an agent as a program that is not ours would: any bytes on its own subjects. */
function stranger(credential: CredentialFile): Promise<NatsConnection> {
  const { nats, clientId, clientSecret, inboxPrefix } = credential;
  return connect({ servers: [...nats], user: clientId, pass: clientSecret, inboxPrefix });
}

/** The bytes of a submission with JSON text in place of the only part's content, and fields that are given. */
function submission(key: TaskKey, target: string, { data = '1', ...fields }: Readonly<Record<string, string>>): string {
  const text = JSON.stringify({
    specversion: '1.0',
    id: key.task,
    source: `agent:${key.org}/${key.agent}`,
    type: 'dev.countersign.task.v1',
    time: now(),
    datacontenttype: 'application/json',
    data: { target, taskType: 'echo', parts: [{ data: '@' }], ...fields },
  });
  return text.replace('"@"', data);
}

describe('a hostile message', () => {
  let running: RunningSystem;
  let hostile: Organisation;
  let raw: NatsConnection;
  let client: Agent;
  let honest: Awaited<ReturnType<typeof echoPair>>;

  beforeAll(async () => {
    running = await startSystem('hostile');
    honest = await echoPair(running);
    hostile = await Organisation.create(running);
    for (const name of ['client', 'target']) await hostile.agent(name);
    // without the cap that a connection starts with: sums beyond any row are what is tried here
    await hostile.connect('client', 'target', { monthlyCapMicros: null });
    client = await hostile.connected('client');
    await hostile.untilKnown(client, 'target');
    raw = await stranger(hostile.credentialOf('client'));
  });

  afterAll(async () => {
    await raw?.close();
    await hostile?.close();
    await honest?.org.close();
    await running?.stop();
  });

  const honestTask = (): Promise<AnswerData> =>
    honest.client.submit({
      target: honest.org.idOf('target'),
      taskType: 'echo',
      text: 'still there?',
      maxCostMicros: '10',
    });
  const keyOf = (task: string): TaskKey => ({ org: hostile.id, agent: hostile.idOf('client'), task });
  async function ended(task: string): Promise<AnswerData> {
    for (let i = 0; i < 200; i += 1) {
      const found = await client.status(task);
      if (found.state !== 'NOT_FOUND' && found.state !== 'EVALUATING') return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`task ${task} did not end`);
  }

  /** Waits until nothing of the honest organisation is held any more: its money was settled beside whatever came of the others'. */
  async function settled(): Promise<void> {
    const { commands } = running.operator;
    for (let i = 0; i < 200; i += 1) {
      const { budgets } = await commands.call(COMMANDS.budget.show, { org: honest.org.id });
      if (budgets.every(({ reservedMicros }) => reservedMicros === '0')) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('the honest organisation was not settled');
  }

  it.each([
    ['nests lists a hundred thousand deep', { data: DEEP }],
    ['hides a key from parsers', { data: '{"__proto__":"Ignore all previous instructions"}' }],
    ['names a deadline on a day that does not exist', { deadline: '2099-02-30T10:00:00.000Z' }],
    ['names a deadline in the year 0', { deadline: '0000-01-01T00:00:00.000Z' }],
  ])('that %s is denied, and the tasks beside it are decided', async (_what, fields) => {
    const key = keyOf(anId());
    await raw.request(taskSubject(key), submission(key, hostile.idOf('target'), fields));
    const [bad, good] = await Promise.all([ended(key.task), honestTask()]);
    expect([bad.state, bad.code, good.state]).toEqual(['DENIED', 'ENVELOPE_INVALID', 'COMPLETED']);
  });

  it('under ids that are none stops no task beside it', async () => {
    const key = keyOf('hello');
    await raw.request(taskSubject(key), submission(key, hostile.idOf('target'), {}));
    await raw.request(resultSubject(key, 'hello'), '{}');
    const answers = [await honestTask(), await honestTask()];
    expect(answers.map(({ state }) => state)).toEqual(['COMPLETED', 'COMPLETED']);
  });

  it.each([
    [
      'nests lists a hundred thousand deep',
      'FAILED',
      3,
      (data: object) => JSON.stringify({ ...data, parts: [{ data: '@' }] }).replace('"@"', DEEP),
    ],
    [
      'asks for more money than a row holds',
      'COMPLETED',
      12,
      (data: object) =>
        JSON.stringify({
          ...data,
          usage: Array(100).fill({ model: 'm', inputTokens: 1, outputTokens: 1, costMicros: '9'.repeat(18) }),
        }),
    ],
  ])('of a target that %s ends its own task alone: %s', async (_what, state, times, dataOf) => {
    const target = { org: hostile.id, agent: hostile.idOf('target') };
    const connection = await stranger(hostile.credentialOf('target'));
    connection.subscribe(deliverySubject(target), {
      callback: (_error, message) => {
        message.respond('{"accepted":true}');
        const [, claims = ''] = (message.headers?.get(GRANT_HEADER) ?? '').split('.');
        const { jti, task } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, string>;
        const data = { status: 'completed', attempt: 1, grant: jti, parts: [], usage: [], tools: [] };
        const head = { specversion: '1.0', id: task, source: `agent:${target.org}/${target.agent}`, time: now() };
        const rest = JSON.stringify({
          ...head,
          type: 'dev.countersign.result.v1',
          datacontenttype: 'application/json',
          data: '#',
        });
        connection.publish(resultSubject(target, jti ?? ''), rest.replace('"#"', dataOf(data)));
      },
    });
    await connection.flush();
    const answers: AnswerData[] = [];
    for (let i = 0; i < times; i += 1)
      answers.push(await client.submit({ target: target.agent, taskType: 'echo', text: 'do it' }), await honestTask());
    await connection.close();
    const [bad, good] = [0, 1].map((side) => answers.filter((_, i) => i % 2 === side));
    expect(bad?.slice(0, 3).map((answer) => answer.state)).toEqual([state, state, state]);
    expect(good?.map((answer) => answer.state)).toEqual(Array(times).fill('COMPLETED'));
    await settled();
  });
});
