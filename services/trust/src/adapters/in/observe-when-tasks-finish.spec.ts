import { beforeEach, describe, expect, it } from '@jest/globals';
import { formatInstant } from '@countersign/primitives';
import {
  NEUTRAL_SURFACE,
  readModelKey,
  transitionItemSchema,
  type AgentRef,
  type TransitionItem,
} from '@countersign/contracts';
import type { ReceivedItem } from '@countersign/bus';
import { anAgent, anId } from '@countersign/testing';
import { aConnectionRecord, anAgentRecord, FakeModels } from '../../application/spec-support/fake-models.js';
import { CASE_NOW as NOW } from '../../domain/spec-support/case-evidence.js';
import type { Attempt, Observed, ObservationStore } from '../out/observation.store.js';
import { ObserveWhenTasksFinish } from './observe-when-tasks-finish.consumer.js';

const DIGEST = `sha256:${'0'.repeat(64)}`;
let recorded: Observed[];
let handedOver: Map<string, number>;
let asked: readonly Attempt[];
let consumer: ObserveWhenTasksFinish;
let models: FakeModels;
let [client, target]: [AgentRef, AgentRef] = [] as never;
let task: string;

beforeEach(() => {
  [recorded, handedOver, asked, task] = [[], new Map<string, number>(), [], anId()];
  [client, target] = [anAgent(), anAgent()];
  models = new FakeModels();
  models.publish(
    anAgentRecord(NOW, { ...client, owner: 'alice' }),
    anAgentRecord(NOW, { ...target, owner: 'bob', surface: { ...NEUTRAL_SURFACE, maxRunSeconds: 60 } }),
  );
  const store = {
    record: async (observed: Observed) => void recorded.push(observed),
    handedOver: async (attempts: readonly Attempt[]) => ((asked = attempts), handedOver),
  };
  consumer = new ObserveWhenTasksFinish(models.models, store as unknown as ObservationStore);
});

function received(item: object, streamAt = NOW): ReceivedItem<TransitionItem> {
  const head = { nonce: 'AAAAAAAAAAAAAAAAAAAAAA', task: { ...client, id: task }, attempt: 1, round: 1, digest: DIGEST };
  const parsed = transitionItemSchema.parse({ ...head, at: formatInstant(NOW), ...item });
  const ref = { frame: DIGEST, index: 0, leaf: DIGEST } as const;
  return {
    item: parsed,
    ref: ref as never,
    line: Buffer.alloc(0),
    subject: 'flow.0.dec',
    streamAt,
    seq: 1,
    service: 'dispatcher',
  };
}
const claimed = (at: number) => received({ type: 'claimed', grant: anId(), to: target }, at);
const finished = (state: string, code: string) =>
  received({
    type: 'finished',
    state,
    code,
    codes: [{ code }],
    claimed: true,
    facts: { taskType: 'chat', target, deadline: formatInstant(NOW), sandbox: false },
  });
async function observed(...items: ReceivedItem<TransitionItem>[]): Promise<Observed> {
  await consumer.observe(items);
  const last = recorded.at(-1);
  if (last === undefined) throw new Error('nothing was recorded');
  return last;
}

describe('transitions', () => {
  it('note a hand-over to a target that says how long it may take, and forget it at the end', async () => {
    expect((await observed(claimed(NOW - 5))).handOvers).toEqual([
      { key: { ...client, task }, attempt: 1, at: NOW - 5 },
    ]);
    expect((await observed(finished('FAILED', 'TASK_FAILED'))).ended).toEqual([
      { key: { ...client, task }, attempt: 1 },
    ]);
  });

  it('charge a time-out by the hand-over of the same batch', async () => {
    const { observations } = await observed(claimed(NOW - 60_000), finished('EXPIRED', 'RESULT_TIMEOUT'));
    expect(observations.map(({ agent, observation: o }) => [agent, o.kind, o.counterparty])).toEqual([
      [target, 'TASK_TIMEOUT', 'alice'],
    ]);
  });

  it('charge a time-out by a hand-over that was stored before, and ask only for those', async () => {
    handedOver.set(`${client.org}/${client.agent}/${task}/1`, NOW - 60_000);
    expect((await observed(finished('EXPIRED', 'RESULT_TIMEOUT'))).observations).toHaveLength(1);
    expect(asked).toEqual([{ key: { ...client, task }, attempt: 1 }]);
    await observed(finished('FAILED', 'TASK_FAILED'));
    expect(asked).toEqual([]);
  });

  it('tell what the target used: models by its result', async () => {
    const usage = [{ model: 'm-1', inputTokens: 1, outputTokens: 1 }];
    expect((await observed(received({ type: 'resulted', seq: 1, usage }))).uses).toEqual([
      { agent: client, kind: 'models', entry: 'm-1', at: NOW, declared: false },
    ]);
  });

  it('tell which of it the client side wrote down, in its surface or for a connection; what the target writes is not asked', async () => {
    const used = async (): Promise<readonly unknown[]> => {
      const usage = ['m-1', 'm-2', 'm-3', 'm-1'].map((model) => ({ model, inputTokens: 1, outputTokens: 1 }));
      const { uses } = await observed(received({ type: 'resulted', seq: 1, usage }));
      return uses.map(({ entry, declared }) => [entry, declared]);
    };
    models.publish(
      anAgentRecord(NOW, { ...client, surface: { ...NEUTRAL_SURFACE, models: ['m-1', 'm*'] } }),
      anAgentRecord(NOW, { ...target, surface: { ...NEUTRAL_SURFACE, models: ['m-1', 'm-2', 'm-3'] } }),
    );
    expect(await used()).toEqual([
      ['m-1', true],
      ['m-2', false],
      ['m-3', false],
    ]);
    const connection = anId();
    models.publish(aConnectionRecord({ connection, client, target }));
    models.policy.put(readModelKey.connection(client.org, connection), { document: { models: ['m-2'] } });
    expect(await used()).toEqual([
      ['m-1', true],
      ['m-2', true],
      ['m-3', false],
    ]);
  });

  it('join a person’s word that it was unsafe with the end, and no other word', async () => {
    const word = {
      type: 'approval',
      number: 1,
      stage: 'PRE_RELEASE',
      org: client.org,
      by: 'user:1',
      actionDigest: DIGEST,
    };
    const { rejections, observations } = await observed(
      received({ ...word, decision: 'REJECT', unsafe: true }),
      received({ ...word, decision: 'REJECT' }),
      received({ ...word, decision: 'APPROVE', unsafe: true }),
      finished('DENIED', 'APPROVAL_REJECTED'),
    );
    expect(observations).toEqual([]);
    expect(rejections.map(({ unsafe, draft }) => [unsafe, draft?.observation.kind])).toEqual([
      [true, undefined],
      [false, 'APPROVAL_REJECTED'],
    ]);
  });

  it('see no violation in the end of a share', async () => {
    const denied = finished('DENIED', 'CROSS_ORG_NOT_SHARED');
    expect((await observed(denied)).observations.map(({ observation }) => observation.kind)).toEqual([
      'CROSS_ORG_VIOLATION',
    ]);
    const share = { id: anId(), status: 'REVOKED', epoch: 1, taskTypes: null } as const;
    models.publish(aConnectionRecord({ connection: anId(), client, target, share }));
    expect((await observed(denied)).observations).toEqual([]);
  });
});
