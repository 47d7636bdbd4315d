import { beforeEach, describe, expect, it } from '@jest/globals';
import { formatInstant } from '@countersign/primitives';
import {
  COMMANDS,
  DEFAULT_ORGANIZATION_POLICY,
  eventIdOf,
  NEUTRAL_POLICY,
  readModelKey,
  type AgentRef,
  type Gate,
} from '@countersign/contracts';
import { anAgent, anId, aSubmission, aTaskKey, aTaskMessage, FixedClock } from '@countersign/testing';
import { Dossier } from '../../application/dossier.js';
import { Gatekeeper } from '../../application/gatekeeper.js';
import { EvidenceSource, type AgentEvidence } from '../../application/ports.js';
import { aConnectionRecord, anAgentRecord, FakeModels } from '../../application/spec-support/fake-models.js';
import { Standings } from '../../application/standings.js';
import { TaskJudge } from '../../application/task-judge.js';
import type { LevelState } from '../../domain/levels.js';
import type { ObservationStore } from '../out/observation.store.js';
import type { StandingStore } from '../out/standing.store.js';
import { JudgeWhenTasksSubmitted } from './judge-when-tasks-submitted.consumer.js';
import { TrustCommands } from './trust-commands.controller.js';

const clock = new FixedClock('2026-11-22T12:00:00.000Z');
const NOW = clock.now();
const OBSERVATION = eventIdOf({ key: aTaskKey(), attempt: 1, round: 1 }, 'observed');
const EVENT = eventIdOf({ key: aTaskKey(), attempt: 1, round: 1 }, 'finished');

class FakeEvidence extends EvidenceSource {
  isFresh = true;
  readonly written: string[] = [];
  evidence: Partial<AgentEvidence> = {};
  fresh(): boolean {
    return this.isFresh;
  }
  of(): AgentEvidence {
    return {
      version: 1,
      observations: [],
      posture: [],
      uses: [],
      ceiling: undefined,
      probation: undefined,
      ...this.evidence,
    };
  }
  lineage(): readonly never[] {
    return [];
  }
  level(): LevelState | undefined {
    return undefined;
  }
  setLevel(_viewer: string, agent: string, { level }: LevelState): void {
    this.written.push(`${agent} ${level}`);
  }
  viewersOf(): readonly string[] {
    return [];
  }
  lastSnapshot(): undefined {
    return undefined;
  }
  keepSnapshot(): void {
    this.written.push('snapshot');
  }
  onRefreshed(): void {}
}

let models: FakeModels;
let evidence: FakeEvidence;
let commands: TrustCommands;
let consumer: JudgeWhenTasksSubmitted;
let [client, target]: [AgentRef, AgentRef] = [] as never;
let connection: string;

beforeEach(() => {
  models = new FakeModels();
  evidence = new FakeEvidence();
  client = anAgent();
  target = anAgent({ org: client.org });
  connection = anId();
  models.publish(
    { kind: 'org', org: client.org },
    anAgentRecord(NOW, { ...client, name: 'writer' }),
    anAgentRecord(NOW, { ...target, name: 'vault' }),
    aConnectionRecord({ connection, client, target }),
  );
  const standings = new Standings(evidence, models.models);
  const gatekeeper = new Gatekeeper(models.models, standings);
  const judge = new TaskJudge(models.models, evidence, gatekeeper);
  commands = new TrustCommands(
    models.models,
    new Dossier(models.models, standings, gatekeeper),
    judge,
    {
      violations: async () => [{ kind: 'TASK_FAILED', count: 2, ids: [OBSERVATION], event_ids: [EVENT] }],
    } as unknown as ObservationStore,
    { history: async () => [] } as unknown as StandingStore,
    clock,
  );
  consumer = new JudgeWhenTasksSubmitted(judge, clock);
});

function policy(minTrustClient: Gate): void {
  models.policy.put(readModelKey.connection(client.org, connection), {
    kind: 'connection',
    at: formatInstant(NOW),
    document: { ...NEUTRAL_POLICY, taskTypes: ['chat'], models: [], tools: [], minTrustClient },
  });
}
const message = () => aTaskMessage({ key: aTaskKey({ ...client, at: NOW }), data: { target: target.agent } });
async function dryRun() {
  const key = aTaskKey({ ...client, at: NOW });
  const { body } = aSubmission({ key, data: { target: target.agent } });
  return commands.dryRun({ task: key, envelope: body.toString('base64') });
}

describe('a verdict of trust', () => {
  it('approves two new agents at the default floor, and tells every gate in its details', async () => {
    policy(null);
    const [verdict] = await consumer.judge([message()]);
    expect(verdict).toMatchObject({
      decision: 'APPROVE',
      score: { client: { score: 3_300, level: 'LIMITED' }, target: { score: 3_300, level: 'LIMITED' } },
      versions: { algorithm: 'trust/1' },
      details: {
        client: { score: 3_300, level: 'LIMITED', raw: 3_300, binding: [] },
        gates: [
          {
            gate: 'organisation floor',
            required: { level: 'LIMITED' },
            actual: { score: 3_300, level: 'LIMITED' },
            pass: true,
          },
          { gate: 'target: organisation floor', pass: true },
        ],
      },
    });
  });

  it('says of the rules of another organisation whether they hold, not what they ask, nor what holds its agent down', async () => {
    const stranger = anAgent();
    const strange = anId();
    models.publish(
      { kind: 'org', org: stranger.org },
      anAgentRecord(NOW, stranger),
      aConnectionRecord({ connection: strange, client, target: stranger }),
    );
    models.policy.put(readModelKey.org(stranger.org), {
      kind: 'org',
      document: { ...DEFAULT_ORGANIZATION_POLICY, minTrustClient: { scoreHundredths: 7_777 } },
    });
    const [verdict] = await consumer.judge([
      aTaskMessage({ key: aTaskKey({ ...client, at: NOW }), data: { target: stranger.agent } }),
    ]);
    expect(verdict).toMatchObject({ decision: 'DENY', codes: [{ code: 'TRUST_BELOW_POLICY_MIN', side: 'target' }] });
    expect(verdict?.details?.['target']).toEqual({ score: 3_300, level: 'LIMITED' });
    expect(verdict?.details?.['gates']).toContainEqual({ gate: "policy of the target's organisation", pass: false });
    expect(JSON.stringify(verdict)).not.toContain('7777');
    const own = await commands.show({ org: client.org, agent: client.agent });
    expect(JSON.stringify(own.breakdown.gates)).not.toContain('7777');
    const theirs = await commands.show({ org: stranger.org, agent: stranger.agent });
    expect(theirs.breakdown.gates).toEqual([
      { gate: expect.stringContaining('target: organisation floor') as unknown, pass: true },
    ]);
  });

  it('denies by the connection, and names the gate', async () => {
    policy({ level: 'VERIFIED' });
    expect(await consumer.judge([message()])).toEqual([
      expect.objectContaining({
        decision: 'DENY',
        codes: [{ code: 'TRUST_BELOW_CONNECTION_MIN', side: 'client', id: 'connection' }],
      }),
    ]);
  });

  it('compares a score with a score', async () => {
    policy({ scoreHundredths: 3_301 });
    expect((await consumer.judge([message()]))[0]?.decision).toBe('DENY');
    policy({ scoreHundredths: 3_300 });
    clock.advance(1_000);
    expect((await consumer.judge([message()]))[0]?.decision).toBe('APPROVE');
    clock.set(NOW);
  });

  it('denies from stale evidence, and an agent that nobody knows', async () => {
    evidence.isFresh = false;
    expect((await consumer.judge([message()]))[0]?.codes).toEqual([{ code: 'TRUST_EVIDENCE_STALE', side: 'client' }]);
    evidence.isFresh = true;
    const stranger = aTaskMessage({ data: { target: anId() } });
    expect((await consumer.judge([stranger]))[0]?.codes).toEqual([{ code: 'TRUST_UNKNOWN_AGENT', side: 'client' }]);
  });

  it('throws for evidence of a kind that nobody knows, which denies', async () => {
    evidence.evidence = { observations: [{ id: 'g', kind: 'GOSSIP' as never, at: NOW, counterparty: 'x' }] };
    await expect(consumer.judge([message()])).rejects.toThrow('unknown kind');
  });

  it('keeps the level that it has found', async () => {
    await consumer.judge([message()]);
    expect(evidence.written).toContain(`${client.agent} LIMITED`);
  });
});

describe('a dry run', () => {
  it('says what a verdict would say, and keeps nothing', async () => {
    policy({ level: 'VERIFIED' });
    const [verdict] = await consumer.judge([message()]);
    evidence.written.length = 0;
    const { decision, codes, details, score } = await dryRun();
    expect({ decision, codes, details, score }).toEqual({
      decision: verdict?.decision,
      codes: verdict?.codes,
      details: verdict?.details,
      score: verdict?.score,
    });
    expect(evidence.written).toEqual([]);
    expect(COMMANDS.trust.dryRun.answer.safeParse(await dryRun()).success).toBe(true);
  });

  it('denies what is no envelope, and from a stale read model', async () => {
    const task = aTaskKey({ ...client, at: NOW });
    expect(await commands.dryRun({ task, envelope: 'e30=' })).toMatchObject({
      decision: 'DENY',
      codes: [{ code: 'ENVELOPE_INVALID', clause: 10 }],
    });
    models.fresh = false;
    expect(await dryRun()).toMatchObject({
      decision: 'DENY',
      codes: [{ code: 'CONTROL_ERROR' }],
      details: { cause: 'stale' },
    });
  });
});

describe('the breakdown of an agent', () => {
  it('tells families with facts, violations, caps, gates of every connection, and what would help', async () => {
    policy({ level: 'VERIFIED' });
    const answer = await commands.show({ org: client.org, agent: client.agent });
    expect(COMMANDS.trust.show.answer.safeParse(answer).success).toBe(true);
    const { breakdown } = answer;
    expect(breakdown).toMatchObject({
      name: 'writer',
      score: 3_300,
      level: 'LIMITED',
      raw: 3_300,
      algorithm: 'trust/1',
    });
    expect(breakdown.families.identity.facts).toContainEqual({
      fact: 'weakest live credential',
      value: 'SECRET_JWT',
      points: 600,
      max: 1_200,
    });
    expect(breakdown.families.behaviour.top).toEqual([
      expect.objectContaining({ kind: 'TASK_FAILED', count: 2, dayCap: '3.0 a day for each client group' }),
    ]);
    expect(breakdown.caps).toEqual([expect.objectContaining({ cap: 'EVIDENCE', limit: 6_499, binding: false })]);
    expect(breakdown.gates).toEqual([
      expect.objectContaining({ gate: 'writer -> vault: organisation floor', pass: true }),
      expect.objectContaining({ gate: 'writer -> vault: connection', required: { level: 'VERIFIED' }, pass: false }),
    ]);
    expect(breakdown.whatWouldHelp.length).toBeGreaterThan(0);
    expect(evidence.written).toEqual([]);
  });

  it('names violations as the command that voids one takes them', async () => {
    const { breakdown } = await commands.show({ org: client.org, agent: client.agent });
    const [observation] = breakdown.families.behaviour.top.flatMap(({ observations }) => observations);
    expect(observation).toBe(OBSERVATION);
    const request = { org: client.org, observation, reason: 'a false alarm' };
    expect(COMMANDS.trust.observationVoid.request.safeParse(request).success).toBe(true);
  });

  it('shows of a target the gates that are asked of it', async () => {
    const { breakdown } = await commands.show({ org: target.org, agent: target.agent });
    expect(breakdown.gates.map(({ gate }) => gate)).toEqual(['writer -> vault: target: organisation floor']);
  });

  it('refuses an agent that nobody knows by its name', async () => {
    await expect(commands.show({ org: client.org, agent: anId() })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      field: 'agent',
    });
  });
});
