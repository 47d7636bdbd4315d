import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  DEFAULT_ORGANIZATION_POLICY,
  NEUTRAL_POLICY,
  NEUTRAL_SURFACE,
  readModelKey,
  verdictItemSchema,
  type AgentRecord,
  type PolicyRecord,
  type RegistryRecord,
  type TaskData,
} from '@countersign/contracts';
import { verdictOf, type Judgement, type TaskMessage } from '@countersign/bus';
import type { ReadModels } from '@countersign/service-host';
import {
  anAgent,
  anId,
  aSubmission,
  aTaskKey,
  aTaskMessage,
  FixedClock,
  SeededRandom,
  TEST_NOW_MS,
} from '@countersign/testing';
import { DecidePolicies } from '../../application/decide-policies.js';
import { Rates, RatesUnavailable } from '../../application/rates.js';
import type { RateOutcome } from '../../domain/clauses/230-rate.js';
import type { RateRequest } from '../../domain/rate-log.js';
import { JudgeWhenTasksSubmitted } from './judge-when-tasks-submitted.consumer.js';
import { PolicyDryRuns } from './policy-dry-runs.controller.js';

const [CLIENT, TARGET, CONNECTION] = [anAgent(), anAgent(), anId()];
const HEAD = { v: 1, version: 3, at: '2026-03-01T00:00:00.000Z' } as const;
const clock = new FixedClock(TEST_NOW_MS);

/** Answers what a test wants, and remembers what it was asked. */
class FakeRates extends Rates {
  outcome: RateOutcome | 'down' = { kind: 'admitted' };
  readonly admitted: RateRequest[][] = [];
  readonly peeked: RateRequest[][] = [];

  async admit(requests: readonly RateRequest[]): Promise<readonly RateOutcome[]> {
    this.admitted.push([...requests]);
    return this.#answer(requests);
  }

  async peek(requests: readonly RateRequest[]): Promise<readonly RateOutcome[]> {
    this.peeked.push([...requests]);
    return this.#answer(requests);
  }

  #answer(requests: readonly RateRequest[]): readonly RateOutcome[] {
    const { outcome } = this;
    if (outcome === 'down') throw new RatesUnavailable('down');
    return requests.map(() => outcome);
  }
}

function agentRecord(of: typeof CLIENT, parts: Partial<AgentRecord> = {}): AgentRecord {
  return {
    ...HEAD,
    kind: 'agent',
    ...of,
    name: 'agent',
    status: 'ACTIVE',
    epoch: 1,
    communication: true,
    mayOriginate: true,
    surface: { ...NEUTRAL_SURFACE },
    owner: 'team',
    registeredBy: 'operator:local',
    registration: 'OPERATOR',
    registeredAt: HEAD.at,
    credentials: [],
    ...parts,
  };
}

function registry(): Map<string, RegistryRecord> {
  const org = (id: string): RegistryRecord => ({
    ...HEAD,
    kind: 'org',
    org: id,
    name: 'org',
    status: 'ACTIVE',
    killSwitch: false,
    currency: 'USD',
    zone: 'UTC',
  });
  return new Map<string, RegistryRecord>([
    [readModelKey.org(CLIENT.org), org(CLIENT.org)],
    [readModelKey.org(TARGET.org), org(TARGET.org)],
    [readModelKey.agent(CLIENT), agentRecord(CLIENT)],
    [readModelKey.agent(TARGET), agentRecord(TARGET)],
    [
      readModelKey.connection(CLIENT.org, CONNECTION),
      {
        ...HEAD,
        kind: 'connection',
        connection: CONNECTION,
        client: CLIENT,
        target: TARGET,
        status: 'ACTIVE',
        epoch: 1,
        handOver: 'AT_MOST_ONCE',
        sandbox: false,
        requiredApprovals: 1,
        share: { id: anId(), status: 'ACTIVE', epoch: 1, taskTypes: ['chat'] },
      },
    ],
  ]);
}

const policyHead = (version: number, author: string) => ({ ...HEAD, version, policyVersion: version, author });

let rates: FakeRates;
let policies: Map<string, PolicyRecord>;
let isFresh: boolean;
let judge: (data?: Partial<TaskData>, attempt?: number) => Promise<Judgement | undefined>;
let models: ReadModels;

beforeEach(() => {
  [rates, isFresh] = [new FakeRates(), true];
  policies = new Map<string, PolicyRecord>([
    [
      readModelKey.connection(CLIENT.org, CONNECTION),
      {
        ...policyHead(7, 'user:ada'),
        kind: 'connection',
        org: CLIENT.org,
        connection: CONNECTION,
        document: { ...NEUTRAL_POLICY, approvalAboveMicros: '50', rate: { perMinute: 2, perHour: null } },
      },
    ],
    [
      readModelKey.org(TARGET.org),
      {
        ...policyHead(2, 'user:bob'),
        kind: 'org',
        org: TARGET.org,
        document: { ...DEFAULT_ORGANIZATION_POLICY, approvalAboveMicros: '40', rate: { perMinute: null, perHour: 9 } },
      },
    ],
  ]);
  const records = registry();
  const model = {
    entries: () => records.entries(),
    onChange: () => () => undefined,
    get: (key: string) => records.get(key),
  };
  models = {
    registry: model,
    policy: { get: (key: string) => policies.get(key) },
    budget: { entries: () => new Map().entries() },
    all: () => [{ name: 'registry', fresh: () => isFresh }],
  } as unknown as ReadModels;
  const consumer = new JudgeWhenTasksSubmitted(models, clock, new DecidePolicies(rates));
  judge = async (data = {}, attempt = 1) => (await consumer.judge([message(data, attempt)]))[0];
});

function message(data: Partial<TaskData>, attempt = 1): TaskMessage {
  const key = aTaskKey(CLIENT);
  return aTaskMessage({ key, data: { target: TARGET.agent, ...data }, attempt });
}

describe('a verdict of policy', () => {
  it('carries grant, versions, threshold and authors of every document, and is a valid item', async () => {
    const judgement = await judge();
    expect(judgement).toMatchObject({
      decision: 'APPROVE',
      versions: { connection: 7, targetOrg: 2 },
      approval: {
        thresholdMicros: '40',
        authors: [
          { level: 'targetOrg', by: 'user:bob', at: HEAD.at },
          { level: 'connection', by: 'user:ada', at: HEAD.at },
        ],
      },
      grant: { taskTypes: ['chat'], hopsLeft: 4 },
      details: { effective: { taskTypes: ['chat'], approvalAboveMicros: '50', rates: ['connection: 2 a minute'] } },
    });
    if (judgement === undefined) throw new Error('no judgement');
    const verdict = verdictOf(message({}), judgement, { clock, random: new SeededRandom('verdict') });
    expect(verdictItemSchema.safeParse(JSON.parse(JSON.stringify(verdict))).error).toBeUndefined();
  });

  it('asks people of the side whose threshold is passed', async () => {
    expect(await judge({ maxCostMicros: '45' })).toMatchObject({
      decision: 'ESCALATE',
      codes: [{ code: 'APPROVAL_COST_ABOVE_THRESHOLD', clause: 210, side: 'target' }],
    });
    expect((await judge({ maxCostMicros: '51' }))?.codes.map(({ side }) => side)).toEqual(['client', 'target']);
  });

  it('asks for a token of every level once everything else allows, keyed by attempt', async () => {
    await judge({}, 2);
    await judge({ taskType: 'deploy' });
    expect(rates.admitted).toHaveLength(1);
    expect(rates.admitted[0]).toMatchObject([
      {
        attempt: 2,
        rules: [
          { scope: { org: TARGET.org, kind: 'inbound', id: TARGET.org }, rule: 'hour', limit: 9, periodMs: 3_600_000 },
          {
            scope: { org: CLIENT.org, kind: 'connection', id: CONNECTION },
            rule: 'minute',
            limit: 2,
            periodMs: 60_000,
          },
        ],
      },
    ]);
  });

  it('asks once for a whole batch, in the order of arrival', async () => {
    const consumer = new JudgeWhenTasksSubmitted(models, clock, new DecidePolicies(rates));
    const batch = [message({}), message({ taskType: 'deploy' }), message({})];
    const judged = await consumer.judge(batch);
    expect(judged.map(({ decision }) => decision)).toEqual(['APPROVE', 'DENY', 'APPROVE']);
    expect(rates.admitted.map((requests) => requests.map(({ key }) => key.task))).toEqual([
      [batch[0]?.key.task, batch[2]?.key.task],
    ]);
  });

  it('says when to try again where an own limit is full', async () => {
    rates.outcome = { kind: 'limited', full: [{ level: 'connection', rule: 'minute', limit: 2, retryAfterMs: 1_500 }] };
    expect(await judge()).toMatchObject({
      decision: 'DENY',
      codes: [{ code: 'RATE_LIMITED', clause: 230, side: 'client' }],
      retryAfterMs: 1_500,
    });
  });

  it('denies what is limited while the database cannot be reached, and gives nothing back', async () => {
    rates.outcome = 'down';
    const judgement = await judge();
    expect(judgement).toMatchObject({ decision: 'DENY', codes: [{ code: 'POLICY_EVALUATION_ERROR', clause: 230 }] });
    expect(judgement).not.toHaveProperty('grant');
  });

  it('does not ask the database about what nobody limits', async () => {
    for (const record of policies.values()) record.document.rate = null;
    rates.outcome = 'down';
    expect(await judge()).toMatchObject({ decision: 'APPROVE' });
    expect(rates.admitted).toEqual([]);
  });

  it.each([
    ['parent', { task: anId(), grant: 'a.b.c' }],
    ['userToken', 'a.b.c'],
    ['treeMaxMicros', '1'],
  ])('refuses %s by its name', async (field, value) => {
    expect(await judge({ [field]: value })).toMatchObject({
      decision: 'DENY',
      codes: [{ code: 'ENVELOPE_INVALID' }],
      details: { field: `data.${field}` },
    });
  });
});

describe('a dry run of policy', () => {
  const dryRun = (data: Partial<TaskData> = {}) => {
    const key = aTaskKey(CLIENT);
    const { body } = aSubmission({ key, data: { target: TARGET.agent, ...data } });
    const controller = new PolicyDryRuns(models, clock, new DecidePolicies(rates));
    return controller.dryRun({ task: key, envelope: body.toString('base64') });
  };

  it('says what the verdict would be and takes no token', async () => {
    expect(await dryRun()).toMatchObject({ decision: 'APPROVE', codes: [], versions: { connection: 7 } });
    expect(rates.admitted).toEqual([]);
    expect(rates.peeked).toHaveLength(1);
  });

  it('says that a limit would be full', async () => {
    rates.outcome = { kind: 'limited', full: [{ level: 'connection', rule: 'minute', limit: 2, retryAfterMs: 9 }] };
    expect(await dryRun()).toMatchObject({ decision: 'DENY', codes: [{ code: 'RATE_LIMITED' }], retryAfterMs: 9 });
  });

  it('denies bytes that are no envelope of this task', async () => {
    expect(await dryRun({ deadline: '2030-01-01T00:00:00.000Z' })).toMatchObject({
      decision: 'DENY',
      codes: [{ code: 'ENVELOPE_INVALID' }],
    });
  });

  it('denies while a read model is stale', async () => {
    isFresh = false;
    expect(await dryRun()).toMatchObject({ decision: 'DENY', codes: [{ code: 'CONTROL_ERROR' }] });
  });
});
