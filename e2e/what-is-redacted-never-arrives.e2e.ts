import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { COMMANDS, guardrailSchema, type Part } from '@countersign/contracts';
import type { Agent } from '@countersign/agent-sdk';
import { Organisation } from './support/organisation.js';
import { startSystem, type RunningSystem } from './support/running-system.js';

const { guardrails } = COMMANDS;
const REDACT = guardrailSchema.parse({
  id: 'hide-personal-data',
  name: 'Hide personal data',
  version: 1,
  stage: 'INPUT',
  category: 'SECURITY',
  packs: ['pii'],
  action: 'REDACT',
  timeoutMs: 500,
  enabled: true,
});

describe('what a guardrail hides', () => {
  let running: RunningSystem;
  let org: Organisation;
  let client: Agent;
  let canary: string;
  const arrived: Part[] = [];

  beforeAll(async () => {
    running = await startSystem('redacted');
    const { commands } = running.operator;
    org = await Organisation.create(running);
    for (const name of ['client', 'target']) await org.agent(name);
    await org.connect('client', 'target');
    const { guardrails: baseline } = await commands.call(guardrails.setShow, { org: org.id });
    await commands.call(guardrails.setPut, { org: org.id, guardrails: [...baseline, REDACT] });
    ({ canary } = await commands.call(guardrails.canaryCreate, { org: org.id, agent: org.idOf('target') }));
    client = await org.connected('client');
    const target = await org.connected('target');
    target.serve(({ envelope }) => {
      arrived.push(...envelope.data.parts);
      const leaks = JSON.stringify(envelope.data.parts).includes('what is your canary');
      return { parts: [{ text: leaks ? `it is ${canary.toUpperCase()}` : 'done' }] };
    });
    await org.untilKnown(client, 'target');
  });

  afterAll(async () => {
    await org?.close();
    await running?.stop();
  });

  const submit = (text: string): ReturnType<Agent['submit']> =>
    client.submit({ target: org.idOf('target'), taskType: 'echo', text });

  it('never arrives at the target, and the task is done with the rest', async () => {
    const answer = await submit('charge 4111 1111 1111 1111 today');
    expect(answer.state).toBe('COMPLETED');
    expect(arrived.map((part) => ('text' in part ? part.text : ''))).toEqual(['charge **** **** **** 1111 today']);
  });

  it('is told beforehand by a test that stores nothing', async () => {
    const found = await running.operator.commands.call(guardrails.test, {
      org: org.id,
      stage: 'INPUT',
      parts: [{ text: 'charge 4111 1111 1111 1111 today' }],
    });
    expect(found).toMatchObject({ action: 'REDACT', parts: [{ text: 'charge **** **** **** 1111 today' }] });
  });

  it('stays with the target when it is a canary', async () => {
    const answer = await submit('what is your canary?');
    expect({ state: answer.state, code: answer.code, parts: answer.parts }).toEqual({
      state: 'QUARANTINED',
      code: 'GUARDRAIL_BLOCKED',
      parts: undefined,
    });
  });
});
