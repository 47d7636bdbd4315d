import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { COMMANDS, type AnswerData, type PendingApproval } from '@countersign/contracts';
import type { Agent } from '@countersign/agent-sdk';
import type { Operator } from '@countersign/local';
import { Organisation } from './support/organisation.js';
import { signalService, startSystem, untilReady, type RunningSystem } from './support/running-system.js';

const { dispatcher, registry, policy } = COMMANDS;
type Person = Operator & { readonly id: string };

describe('what waits for people', () => {
  let running: RunningSystem;
  let org: Organisation;
  let client: Agent;
  let people: Readonly<Record<'ann' | 'bob' | 'olga' | 'victor', Person>>;
  const handled: string[] = [];

  beforeAll(async () => {
    running = await startSystem('approvals');
    org = await Organisation.create(running);
    for (const name of ['client', 'target']) await org.agent(name);
    people = {
      ann: await org.person('ann', 'APPROVER'),
      bob: await org.person('bob', 'APPROVER', 'OPERATOR'),
      olga: await org.person('olga', 'OWNER'),
      victor: await org.person('victor', 'VIEWER'),
    };
    await org.connect('client', 'target', { approvalAboveMicros: '1000000' }, 2);
    client = await org.connected('client');
    const target = await org.connected('target');
    target.serve(({ envelope }) => {
      handled.push(envelope.id);
      return { parts: [{ text: 'done' }] };
    });
    await org.untilKnown(client, 'target');
  });

  afterAll(async () => {
    await org?.close();
    await running?.stop();
  });

  async function held(): Promise<{ answer: Promise<AnswerData>; request: PendingApproval }> {
    let waits = (_task: string): void => undefined;
    const waiting = new Promise<string>((resolve) => (waits = resolve));
    const answer = client.submit(
      { target: org.idOf('target'), taskType: 'echo', text: 'hello', maxCostMicros: '2000000' },
      { onState: ({ state, task }) => (state === 'AWAITING_APPROVAL' ? waits(task) : undefined) },
    );
    const task = await waiting;
    const { requests } = await people.victor.commands.call(dispatcher.approvals, { org: org.id });
    const request = requests.find((r) => r.task.task === task);
    if (request === undefined) throw new Error('nothing waits');
    return { answer, request };
  }
  const shown = ({ task, attempt, round, actionDigest }: PendingApproval) => ({ task, attempt, round, actionDigest });
  const approve = (by: Operator, request: PendingApproval) => by.commands.call(dispatcher.approve, shown(request));

  it('is released when two of them have approved, and not before', async () => {
    const { answer, request } = await held();
    expect(request).toMatchObject({ required: 2, approvedBy: [], stuck: false });
    expect(request.eligible.map(({ name }) => name).sort()).toEqual(['ann', 'bob', 'olga']);
    expect(await approve(people.ann, request)).toEqual({ state: 'AWAITING_APPROVAL', missing: 1 });
    expect(await approve(people.ann, request)).toEqual({ state: 'AWAITING_APPROVAL', missing: 1 });
    expect(handled).not.toContain(request.task.task);
    expect(await approve(people.bob, request)).toEqual({ state: 'EVALUATING', missing: 0 });
    expect(await answer).toMatchObject({ state: 'COMPLETED', round: 2 });
  });

  it('is not decided by the operator of the installation, by a viewer, by a stranger, or by who wrote its policy', async () => {
    const { answer, request } = await held();
    const other = await Organisation.create(running);
    const stranger = await other.person('eve', 'OWNER');
    const author = await org.person('author', 'OWNER');
    const scope = { kind: 'org' as const, org: org.id };
    await author.commands.call(policy.set, { scope, change: { approvalAboveMicros: '1000001' } });
    const { answer: judgedAfter, request: asked } = await held();
    await expect(approve(author, asked)).rejects.toMatchObject({ code: 'APPROVAL_NOT_ELIGIBLE' });
    await expect(approve(running.operator, request)).rejects.toMatchObject({ code: 'APPROVAL_NOT_ELIGIBLE' });
    await expect(approve(people.victor, request)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    await expect(approve(stranger, request)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    await expect(stranger.commands.call(dispatcher.approvals, { org: org.id })).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
    for (const [waits, end] of [
      [request, answer],
      [asked, judgedAfter],
    ] as const) {
      await people.ann.commands.call(dispatcher.reject, shown(waits));
      expect(await end).toMatchObject({ state: 'DENIED', code: 'APPROVAL_REJECTED' });
    }
    await other.close();
  });

  it('waits through a kill of the dispatcher, and an approval before it counts after it', async () => {
    const { answer, request } = await held();
    await approve(people.ann, request);
    signalService(running, 'dispatcher', 'SIGKILL');
    await untilReady(running, 'dispatcher');
    expect(await approve(people.olga, request)).toEqual({ state: 'EVALUATING', missing: 0 });
    expect(await answer).toMatchObject({ state: 'COMPLETED' });
  });

  it('is asked again when one who approved was disabled for cause, who may do nothing any more', async () => {
    const carl = await org.person('carl', 'APPROVER');
    const { answer, request } = await held();
    await approve(carl, request);
    await running.operator.commands.call(registry.operatorDisable, { org: org.id, operator: carl.id, forCause: true });
    expect(await approve(people.ann, request)).toEqual({ state: 'AWAITING_APPROVAL', missing: 1 });
    await expect(carl.again()).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    await approve(people.bob, request);
    expect(await answer).toMatchObject({ state: 'COMPLETED' });
  });
});
