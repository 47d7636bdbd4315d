import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { NEUTRAL_SURFACE, type AgentRecord, type ConnectionRecord, type OrgRecord } from '@countersign/contracts';
import { anId, aTaskKey, aTaskMessage, FixedClock, silentLogger, TEST_NOW_MS } from '@countersign/testing';
import { parse } from 'yaml';
import { JudgeWhenTasksSubmitted } from '../adapters/in/judge-when-tasks-submitted.consumer.js';
import type { ReadModels } from '@countersign/service-host';
import type { ReadModelView } from '../adapters/in/registry-view.js';
import type { RegistryView } from './registry-view.js';

interface Case {
  readonly name: string;
  readonly foreign?: boolean;
  readonly body?: string;
  readonly set?: Readonly<Record<string, unknown>>;
  readonly clause?: number;
  readonly code?: string;
  readonly side?: 'client' | 'target';
}

interface World {
  installationStopped: boolean;
  homeOrg?: OrgRecord;
  foreignOrg?: OrgRecord;
  client?: AgentRecord;
  target?: AgentRecord;
  connection?: ConnectionRecord;
}

const CASES = parse(
  readFileSync(join(import.meta.dirname, '..', '..', 'cases', 'clauses.yaml'), 'utf8'),
) as readonly Case[];
const [HOME, FOREIGN, CLIENT, TARGET, CONNECTION, SHARE] = Array.from({ length: 6 }, () => anId()) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
const head = { v: 1, version: 7, at: '2026-03-01T00:00:00.000Z' } as const;

const anOrg = (org: string, name: string): OrgRecord => ({
  ...head,
  kind: 'org',
  org,
  name,
  status: 'ACTIVE',
  killSwitch: false,
  currency: 'USD',
  zone: 'UTC',
});
const anAgentRecord = (org: string, agent: string, epoch: number): AgentRecord => ({
  ...head,
  kind: 'agent',
  org,
  agent,
  name: 'agent',
  status: 'ACTIVE',
  epoch,
  communication: true,
  mayOriginate: true,
  surface: structuredClone(NEUTRAL_SURFACE),
  owner: 'team',
  registeredBy: 'operator:local',
  registration: 'OPERATOR',
  registeredAt: head.at,
  credentials: [],
});

function aWorld(foreign: boolean): World {
  const targetOrg = foreign ? FOREIGN : HOME;
  return {
    installationStopped: false,
    homeOrg: anOrg(HOME, 'home'),
    foreignOrg: anOrg(FOREIGN, 'foreign'),
    client: anAgentRecord(HOME, CLIENT, 3),
    target: anAgentRecord(targetOrg, TARGET, 4),
    connection: {
      ...head,
      kind: 'connection',
      connection: CONNECTION,
      client: { org: HOME, agent: CLIENT },
      target: { org: targetOrg, agent: TARGET },
      status: 'ACTIVE',
      epoch: 5,
      handOver: 'AT_MOST_ONCE',
      sandbox: false,
      requiredApprovals: 1,
      ...(foreign ? { share: { id: SHARE, status: 'ACTIVE', epoch: 6, taskTypes: null } } : {}),
    },
  };
}

/** Puts a value where a path of names leads; `absent` takes away what is there. */
function put(world: World, path: string, value: unknown): void {
  const names = path.split('.');
  const last = names.pop() ?? '';
  const place = names.reduce(
    (at, name) => at[name] as Record<string, unknown>,
    world as unknown as Record<string, unknown>,
  );
  // a record that an earlier change took away cannot be broken any further
  if (place === undefined) return;
  if (value === 'absent') delete place[last];
  else
    place[last] = Array.isArray(value)
      ? value.map((entry) => (entry === 'TARGET' ? TARGET : (entry as string)))
      : value;
}

function viewOf(world: World): RegistryView {
  const same = (a: { org: string; agent: string }, org: string, agent: string): boolean =>
    a.org === org && a.agent === agent;
  return {
    installationStopped: world.installationStopped,
    org: (org) => [world.homeOrg, world.foreignOrg].find((record) => record?.org === org),
    agent: (ref) =>
      [world.client, world.target].find((record) => record !== undefined && same(record, ref.org, ref.agent)),
    connectionTo: (client, target) => (same(client, HOME, CLIENT) && target === TARGET ? world.connection : undefined),
  };
}

function consumerOf(world: World, fresh = true): JudgeWhenTasksSubmitted {
  const models = { registry: { name: 'registry', fresh: () => fresh } } as unknown as ReadModels;
  return new JudgeWhenTasksSubmitted(
    viewOf(world) as ReadModelView,
    new FixedClock(TEST_NOW_MS),
    models,
    silentLogger('registry'),
  );
}

async function judged(world: World, body?: string) {
  const consumer = consumerOf(world);
  const key = { org: HOME, agent: CLIENT, task: anId() };
  const message = aTaskMessage({
    key,
    data: { target: TARGET },
    ...(body === undefined ? {} : { body: Buffer.from(body) }),
  });
  const [judgement] = await consumer.judge([message]);
  return judgement;
}

describe('clauses 10 to 80', () => {
  it.each(CASES.map((one) => ({ ...one, verdict: one.code ?? 'approved' })))(
    '$name: $verdict',
    async ({ foreign = false, body, set = {}, clause, code, side = 'client' }) => {
      const world = aWorld(foreign);
      for (const [path, value] of Object.entries(set)) put(world, path, value);
      const judgement = await judged(world, body);
      if (code === undefined) {
        expect(judgement).toMatchObject({
          decision: 'APPROVE',
          codes: [],
          connection: { id: CONNECTION, agent: TARGET },
        });
        return;
      }
      expect(judgement).toMatchObject({ decision: 'DENY', codes: [{ code, clause, side }] });
      expect(judgement).not.toHaveProperty('connection');
    },
  );

  it('has a case for every clause', () => {
    const clauses = new Set(CASES.flatMap(({ clause }) => (clause === undefined ? [] : [clause])));
    expect([...clauses].sort()).toEqual([10, 20, 30, 40, 50, 60, 65, 70, 80]);
  });
});

const IN_ORDER: readonly (readonly [clause: number, path: string, value: unknown])[] = [
  [20, 'homeOrg.killSwitch', true],
  [30, 'homeOrg.status', 'SUSPENDED'],
  [40, 'client.status', 'SUSPENDED'],
  [60, 'connection', 'absent'],
  [50, 'target.status', 'SUSPENDED'],
  [65, 'client.surface.downstreamAgents', []],
  [70, 'connection.status', 'SUSPENDED'],
  [80, 'connection.share', 'absent'],
];

describe('the first clause that fails', () => {
  it.each(IN_ORDER.map(([clause], index) => ({ clause, index })))(
    'is $clause, and the only one told, when it and all later ones fail',
    async ({ clause, index }) => {
      const world = aWorld(true);
      for (const [, path, value] of IN_ORDER.slice(index)) put(world, path, value);
      expect((await judged(world))?.codes.map((code) => code.clause)).toEqual([clause]);
    },
  );

  it('is 10 when the envelope is broken, whatever else is', async () => {
    const world = aWorld(true);
    for (const [, path, value] of IN_ORDER) put(world, path, value);
    expect((await judged(world, '{'))?.codes).toEqual([{ code: 'ENVELOPE_INVALID', clause: 10, side: 'client' }]);
  });
});

describe('an approval', () => {
  it('carries the epochs and versions that it was judged by', async () => {
    expect(await judged(aWorld(true))).toMatchObject({
      connection: { id: CONNECTION, org: FOREIGN, agent: TARGET, share: SHARE },
      epochs: { client: 3, target: 4, connection: 5, share: 6 },
      versions: { client: 7, target: 7, connection: 7 },
    });
  });
});

describe('a dry run', () => {
  const asked = (data: Record<string, unknown> = {}) => {
    const { key, body } = aTaskMessage({
      key: { org: HOME, agent: CLIENT, task: aTaskKey({ at: TEST_NOW_MS }).task },
      data: { target: TARGET, ...data },
    });
    return { task: key, envelope: body.toString('base64') };
  };

  it('says what a submission would be told', async () => {
    expect(await consumerOf(aWorld(true)).dryRun(asked())).toMatchObject({
      decision: 'APPROVE',
      connection: { id: CONNECTION },
      epochs: { client: 3 },
    });
    const suspended = aWorld(true);
    put(suspended, 'connection.status', 'SUSPENDED');
    expect(await consumerOf(suspended).dryRun(asked())).toMatchObject({ decision: 'DENY', codes: [{ clause: 70 }] });
  });

  it('is denied while the read model is stale, and for bytes that are no envelope', async () => {
    expect(await consumerOf(aWorld(true), false).dryRun(asked())).toMatchObject({
      decision: 'DENY',
      codes: [{ code: 'CONTROL_ERROR' }],
      details: { cause: 'stale' },
    });
    const { task } = asked();
    expect(await consumerOf(aWorld(true)).dryRun({ task, envelope: 'e30=' })).toMatchObject({
      decision: 'DENY',
      codes: [{ code: 'ENVELOPE_INVALID', clause: 10 }],
    });
  });
});
