import { beforeEach, describe, expect, it } from '@jest/globals';
import { formatInstant } from '@countersign/primitives';
import { COMMANDS, type AgentRef } from '@countersign/contracts';
import type { CommandContext } from '@countersign/bus';
import { anAgent, anId, FixedClock } from '@countersign/testing';
import { anAgentRecord, FakeModels } from '../../application/spec-support/fake-models.js';
import type { EvidenceMemory } from '../out/evidence-memory.js';
import type { ObservationStore } from '../out/observation.store.js';
import type { Restriction, RestrictionRow, StatementStore } from '../out/statement.store.js';
import { StatementCommands } from './statement-commands.controller.js';

const clock = new FixedClock('2026-11-22T12:00:00.000Z');
const NOW = clock.now();
const LATER = formatInstant(NOW + 3_600_000);
const BY: CommandContext = { actor: { kind: 'user', id: '7' }, idempotencyKey: anId(), signer: 'operator' };

let stored: object[];
let held: RestrictionRow | undefined;
let heard: number;
let commands: StatementCommands;
let agent: AgentRef;

beforeEach(() => {
  [stored, held, heard, agent] = [[], undefined, 0, anAgent()];
  const models = new FakeModels();
  models.publish(anAgentRecord(NOW, agent));
  const statements = {
    putPosture: async (_agent: AgentRef, posture: object) => void stored.push(posture),
    restrict: async (
      _agent: AgentRef,
      restriction: Restriction,
      _now: number,
      admit: (row: RestrictionRow | undefined) => void = () => undefined,
    ) => {
      admit(held);
      stored.push(restriction);
    },
    posture: async () => [],
  };
  const observations = {
    voidOne: async (_org: string, id: string, why: object) =>
      id === agent.agent ? (stored.push(why), { agent: agent.agent, kind: 'TASK_FAILED' }) : undefined,
  };
  const evidence = { refresh: async () => void (heard += 1) };
  commands = new StatementCommands(
    models.models,
    statements as unknown as StatementStore,
    observations as unknown as ObservationStore,
    evidence as unknown as EvidenceMemory,
    clock,
  );
});

const scan = (change: object = {}): Parameters<StatementCommands['posturePut']>[0] => ({
  ...agent,
  fact: 'SCAN',
  value: { openCritical: 0, openHigh: 0 },
  source: 'ci',
  ...change,
});

describe('posture', () => {
  it('is stored with who stated it and when it was seen, and counts at once', async () => {
    const { posture } = await commands.posturePut(scan({ expiresAt: LATER }), BY);
    expect(posture).toEqual({
      fact: 'SCAN',
      value: { openCritical: 0, openHigh: 0 },
      source: 'ci',
      observedAt: formatInstant(NOW),
      expiresAt: LATER,
      by: 'user:7',
    });
    expect([stored.length, heard]).toEqual([1, 1]);
  });

  it.each([
    ['a value of another form', { value: { clean: true } }, 'value.openCritical'],
    ['a field that nobody knows', { value: { openCritical: 0, openHigh: 0, low: 1 } }, 'value.low'],
    ['an observation of the future', { observedAt: LATER }, 'observedAt'],
    ['an end that is over', { expiresAt: formatInstant(NOW) }, 'expiresAt'],
  ])('refuses %s, by the field', async (_, change, field) => {
    await expect(commands.posturePut(scan(change), BY)).rejects.toMatchObject({ code: 'REQUEST_INVALID', field });
    expect(stored).toEqual([]);
  });

  it('refuses an agent that nobody knows', async () => {
    await expect(commands.posturePut(scan({ agent: anId() }), BY)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(commands.postureShow({ ...agent, agent: anId() })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a ceiling', () => {
  const row = (score: number | null, until: number): RestrictionRow => ({
    org_id: agent.org,
    agent_id: agent.agent,
    id: anId(),
    kind: 'CEILING',
    score,
    until: new Date(until),
    reason: 'review',
    written_at: new Date(NOW - 1),
  });

  it('is set with a reason and an end', async () => {
    expect(await commands.ceiling({ ...agent, score: 4_999, reason: 'review', expiresAt: LATER }, BY)).toEqual({
      score: 4_999,
      expiresAt: LATER,
    });
    expect(stored).toEqual([
      expect.objectContaining({ kind: 'CEILING', score: 4_999, reason: 'review', by: 'user:7' }),
    ]);
  });

  it('needs an end', async () => {
    await expect(commands.ceiling({ ...agent, score: 4_999, reason: 'review' }, BY)).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      field: 'expiresAt',
    });
  });

  it.each([
    ['a higher one over one that holds', 3_000, NOW + 1, false],
    ['a lower one over one that holds', 6_000, NOW + 1, true],
    ['any over one that has ended', 3_000, NOW, true],
  ])('%s', async (_, score, until, taken) => {
    held = row(score, until);
    const set = commands.ceiling({ ...agent, score: 4_999, reason: 'review', expiresAt: LATER }, BY);
    if (taken) await expect(set).resolves.toBeDefined();
    else await expect(set).rejects.toMatchObject({ code: 'REQUEST_INVALID', field: 'score' });
  });

  it('is lifted with a reason', async () => {
    held = row(3_000, NOW + 1);
    expect(await commands.ceiling({ ...agent, score: null, reason: 'over' }, BY)).toEqual({
      score: null,
      expiresAt: null,
    });
    expect(stored).toEqual([expect.objectContaining({ score: null, until: null })]);
  });

  it('takes no reason of two letters', () => {
    const request = { ...agent, score: 1, reason: 'no', expiresAt: LATER };
    expect(COMMANDS.trust.ceiling.request.safeParse(request).success).toBe(false);
  });
});

describe('probation and voids', () => {
  it('hold until an instant that is to come', async () => {
    expect(await commands.probation({ ...agent, until: LATER, reason: 'incident' }, BY)).toEqual({ until: LATER });
    await expect(
      commands.probation({ ...agent, until: formatInstant(NOW), reason: 'incident' }, BY),
    ).rejects.toMatchObject({ field: 'until' });
  });

  it('take an observation out with who and why, and refuse one that is not there', async () => {
    const request = { org: agent.org, observation: agent.agent, reason: 'a false alarm' };
    expect(await commands.voidObservation(request, BY)).toEqual({ agent: agent.agent, kind: 'TASK_FAILED' });
    expect(stored).toEqual([{ reason: 'a false alarm', by: 'user:7' }]);
    await expect(commands.voidObservation({ ...request, observation: anId() }, BY)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      field: 'observation',
    });
  });

  it('leave voids to the operator until two people can confirm them', () => {
    expect(COMMANDS.trust.observationVoid.people).toBeUndefined();
    expect(COMMANDS.trust.ceiling.people).toEqual(['OWNER']);
    expect(COMMANDS.trust.posturePut.people).toEqual(['OPERATOR', 'OWNER']);
  });
});
