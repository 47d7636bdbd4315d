import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { COMMANDS, guardrailSchema, type AnswerData, type PendingApproval } from '@countersign/contracts';
import type { Agent, TaskHandler } from '@countersign/agent-sdk';
import type { Operator } from '@countersign/local';
import { Organisation } from './support/organisation.js';
import { startSystem, type RunningSystem } from './support/running-system.js';

const { budget, dispatcher, guardrails } = COMMANDS;
const CAP = '100000000';
const JSON_OR_AGAIN = guardrailSchema.parse({
  id: 'json',
  name: 'What calls itself JSON is JSON',
  version: 1,
  stage: 'OUTPUT',
  category: 'QUALITY',
  packs: ['json-format'],
  action: 'RETRY',
  retry: { strategy: 'format_hint', max: 1, onExhausted: 'BLOCK' },
  timeoutMs: 500,
  enabled: true,
});
const mediaType = 'application/json';
/** A block that looks encoded and that nothing in the task explains. */
const ENCODED = Array.from({ length: 40 }, (_, i) => Buffer.from(`row ${i} of a table`).toString('base64url')).join('');

describe('an answer that is not good enough', () => {
  let running: RunningSystem;
  let org: Organisation;
  let client: Agent;
  let ann: Operator;
  let handler: TaskHandler;
  /** `format_hint` or `first` for every execution. */
  const executed: string[] = [];

  beforeAll(async () => {
    running = await startSystem('outputs');
    const { commands } = running.operator;
    org = await Organisation.create(running);
    const { guardrails: baseline } = await commands.call(guardrails.setShow, { org: org.id });
    await commands.call(guardrails.setPut, { org: org.id, guardrails: [...baseline, JSON_OR_AGAIN] });
    for (const name of ['client', 'target']) await org.agent(name);
    await org.connect('client', 'target', { monthlyCapMicros: CAP });
    ann = await org.person('ann', 'APPROVER');
    client = await org.connected('client');
    (await org.connected('target')).serve((task) => {
      executed.push(task.grant.retry?.strategy ?? 'first');
      return handler(task);
    });
    await org.untilKnown(client, 'target');
  });

  afterAll(async () => {
    await org?.close();
    await running?.stop();
  });

  const submit = (
    idempotent: boolean,
    onState: (answer: AnswerData) => void = () => undefined,
  ): Promise<AnswerData> => {
    executed.length = 0;
    return client.submit(
      { target: org.idOf('target'), taskType: 'echo', text: 'as JSON, please', idempotent },
      { onState },
    );
  };
  const used = (costMicros: string) => [{ model: 'house-model', inputTokens: 10, outputTokens: 10, costMicros }];
  const spent = async (): Promise<bigint> => {
    // what was settled last follows the answer
    for (let i = 0; ; i += 1) {
      const { budgets } = await running.operator.commands.call(budget.show, { org: org.id });
      const [found] = budgets.filter(({ scope }) => scope.type === 'CONNECTION');
      if (found?.reservedMicros === '0') return BigInt(found.spentMicros);
      if (i === 200) throw new Error('money is still held');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  it('is tried once more under a grant that says how, and both executions are paid', async () => {
    handler = ({ grant }) =>
      grant.retry === undefined
        ? { parts: [{ mediaType, text: 'here you are: {"km": 19.3' }], usage: used('3000') }
        : { parts: [{ mediaType, text: '{"km": 19.3}' }], usage: used('5000') };
    const answer = await submit(true);
    expect(answer).toMatchObject({ state: 'COMPLETED', attempt: 2, chargedMicros: '8000' });
    expect(answer.parts).toEqual([expect.objectContaining({ text: '{"km": 19.3}' })]);
    expect(executed).toEqual(['first', 'format_hint']);
    expect(await spent()).toBe(8_000n);
  });

  it('is quarantined when the last try is no better', async () => {
    const before = await spent();
    handler = () => ({ parts: [{ mediaType, text: 'still no JSON' }], usage: used('1000') });
    const answer = await submit(true);
    expect(answer).toMatchObject({ state: 'QUARANTINED', code: 'RETRY_EXHAUSTED', attempt: 2 });
    expect(answer.parts).toBeUndefined();
    expect(executed).toEqual(['first', 'format_hint']);
    expect((await spent()) - before).toBe(2_000n);
  });

  /** Submits what ends with a person, and what that person is shown. */
  async function asked(): Promise<{ readonly answer: Promise<AnswerData>; readonly request: PendingApproval }> {
    let waits = (_task: string): void => undefined;
    const waiting = new Promise<string>((resolve) => (waits = resolve));
    const answer = submit(false, ({ state, task }) => (state === 'AWAITING_OUTPUT_APPROVAL' ? waits(task) : undefined));
    const ended = answer.then(({ state }) => {
      throw new Error(`nobody was asked: ${state}`);
    });
    const task = await Promise.race([waiting, ended]);
    ended.catch(() => undefined);
    const { requests } = await ann.commands.call(dispatcher.approvals, { org: org.id });
    const request = requests.find((found) => found.task.task === task);
    if (request === undefined) throw new Error('nothing waits');
    return { answer, request };
  }
  const shown = ({ task, attempt, round, actionDigest }: PendingApproval) => ({ task, attempt, round, actionDigest });

  it('is asked about when twice would not be as good as once, and is delivered once a person approved, without another execution', async () => {
    handler = () => ({ parts: [{ mediaType, text: 'no JSON, but done' }], usage: used('1000') });
    const { answer, request } = await asked();
    expect(request).toMatchObject({ stage: 'OUTPUT', required: 1 });
    expect(request.reasons).toEqual([expect.objectContaining({ code: 'RETRY_NOT_IDEMPOTENT' })]);
    await ann.commands.call(dispatcher.approve, shown(request));
    const end = await answer;
    expect(end).toMatchObject({ state: 'COMPLETED', attempt: 1, chargedMicros: '1000' });
    expect(end.parts).toEqual([expect.objectContaining({ text: 'no JSON, but done' })]);
    expect(executed).toEqual(['first']);
    await expect(ann.commands.call(dispatcher.approve, shown(request))).rejects.toThrow();
    expect(await client.status(request.task.task)).toEqual(end);
  });

  it('stays where it is when a person rejected what looks like data on its way out', async () => {
    handler = () => ({ parts: [{ text: ENCODED }], usage: used('1000') });
    const { answer, request } = await asked();
    expect(request).toMatchObject({ stage: 'OUTPUT', reasons: [{ code: 'APPROVAL_GUARDRAIL' }] });
    await ann.commands.call(dispatcher.reject, shown(request));
    const end = await answer;
    expect(end).toMatchObject({ state: 'QUARANTINED', code: 'APPROVAL_REJECTED' });
    expect(end.parts).toBeUndefined();
    expect(JSON.stringify(await client.status(request.task.task))).not.toContain(ENCODED.slice(0, 40));
    expect(executed).toEqual(['first']);
  });

  it('leaves a ledger that balances, and a record that verifies', async () => {
    await spent();
    const { commands } = running.operator;
    expect(await commands.call(budget.check, { org: org.id })).toEqual({ balanced: true, differences: [] });
    expect(await commands.call(COMMANDS.audit.verify, { org: org.id })).toMatchObject({ ok: true, firstBad: null });
  });
});
