import { describe, expect, it } from '@jest/globals';
import { CONTROLS, SIGNERS } from './identities.js';
import { MAX_BODY_BYTES, MAX_FRAME_BYTES, MAX_MESSAGE_BYTES } from './limits.js';
import { READ_MODEL_OWNERS } from './read-models.js';
import { consumerSpecs, DEFAULT_CAPACITY, durableName, READ_MODEL_READERS, streamSpecs } from './streams.js';

const byName = new Map(streamSpecs().map((spec) => [spec.name, spec]));

describe('streams', () => {
  it('are four and a bucket for each read model', () => {
    expect([...byName.keys()]).toEqual([
      'ING',
      'RES',
      'FLOW',
      'BODY',
      'KV_CFG_registry',
      'KV_CFG_policy',
      'KV_CFG_budget',
      'KV_CFG_guardrails',
    ]);
  });

  it('refuse when they are full and never drop what was stored', () => {
    for (const spec of byName.values()) expect([spec.discard, spec.maxBytes > 0]).toEqual(['new', true]);
  });

  it('refuse a second message where the first must stand: tasks, bodies, and a fifth result', () => {
    const held = ['ING', 'BODY', 'RES'].map((name) => byName.get(name));
    expect(held.map((spec) => [spec?.maxPerSubject, spec?.discardNewPerSubject])).toEqual([
      [1, true],
      [1, true],
      [4, true],
    ]);
  });

  it('take an envelope with its headers, and a whole frame', () => {
    expect(MAX_MESSAGE_BYTES).toBeGreaterThan(MAX_BODY_BYTES);
    expect(byName.get('ING')?.maxMessageBytes).toBe(MAX_MESSAGE_BYTES);
    expect(byName.get('FLOW')?.maxMessageBytes).toBe(MAX_FRAME_BYTES);
  });

  it('grow with what the installation is to take', () => {
    const doubled = streamSpecs({ ...DEFAULT_CAPACITY, messages: 1_000_000 });
    expect(doubled.find((spec) => spec.name === 'ING')?.maxMessages).toBe(1_000_000);
  });

  it('share no subject', () => {
    const subjects = [...byName.values()].flatMap((spec) => spec.subjects);
    expect(new Set(subjects.map((subject) => subject.split('.').slice(0, 2).join('.').replace('.>', ''))).size).toBe(
      subjects.length,
    );
  });
});

describe('durable consumers', () => {
  const specs = consumerSpecs();

  it('belong to a signer whose name they begin with, each name once', () => {
    for (const { durable } of specs) expect(SIGNERS.some((signer) => durable.startsWith(`${signer}-`))).toBe(true);
    expect(new Set(specs.map(({ durable }) => durable)).size).toBe(specs.length);
  });

  it('let each of the six controls read every submission and round', () => {
    for (const control of CONTROLS)
      expect(specs).toContainEqual(
        expect.objectContaining({ stream: 'ING', durable: durableName(control, 'ing'), filters: ['ing.>', 'rnd.>'] }),
      );
  });

  it('always filter: what a consumer may deliver is never a whole stream by default', () => {
    for (const { filters } of specs) expect(filters.length).toBeGreaterThan(0);
  });

  it('let those who have side effects read what the dispatcher decided', () => {
    const readers = specs.filter(({ filters }) => filters.includes('flow.*.dec')).map(({ durable }) => durable);
    expect(readers.sort()).toEqual(['audit-dec', 'budget-dec', 'guardrails-dec', 'trust-dec']);
  });
});

describe('readers of read models', () => {
  it('include the owner, so that it judges from what it published', () => {
    for (const owner of READ_MODEL_OWNERS) expect(READ_MODEL_READERS[owner]).toContain(owner);
  });

  it('are all six controls and the dispatcher for identities and connections', () => {
    expect([...READ_MODEL_READERS.registry].sort()).toEqual([...CONTROLS, 'dispatcher'].sort());
  });
});
