import { describe, expect, it } from '@jest/globals';
import { DEFAULT_ORGANIZATION_POLICY, NEUTRAL_POLICY, NEUTRAL_SURFACE } from './policy-document.js';
import {
  guardrailSetRecordSchema,
  policyRecordSchema,
  policyScopeSchema,
  priceBookRecordSchema,
  READ_MODEL_OWNERS,
  readModelKey,
  readModelStream,
  readModelSubject,
  registryRecordSchema,
  TICK_KEY,
  tickSchema,
} from './read-models.js';

const id = '0199f0e4-5c00-7a1b-8c2d-00000000feed';
const at = '2026-03-02T10:00:00.000Z';
const head = { v: 1, version: 1, at };
const end = { org: id, agent: id };
const org = {
  ...head,
  kind: 'org',
  org: id,
  name: 'acme',
  status: 'ACTIVE',
  killSwitch: false,
  currency: 'USD',
  zone: 'UTC',
};
const agent = {
  ...head,
  kind: 'agent',
  org: id,
  agent: id,
  name: 'reviewer',
  status: 'ACTIVE',
  epoch: 0,
  communication: true,
  mayOriginate: true,
  surface: NEUTRAL_SURFACE,
  owner: 'operator:local',
  registeredBy: 'operator:local',
  registration: 'OPERATOR',
  registeredAt: at,
  credentials: [{ kind: 'SECRET_JWT', createdAt: at, expiresAt: at }],
};
const connection = {
  ...head,
  kind: 'connection',
  connection: id,
  client: end,
  target: end,
  status: 'ACTIVE',
  epoch: 0,
  handOver: 'AT_MOST_ONCE',
  sandbox: false,
  requiredApprovals: 1,
};
const operator = {
  ...head,
  kind: 'operator',
  org: id,
  operator: id,
  name: 'alice',
  roles: ['APPROVER'],
  kid: 'operator-0123456789abcdef',
  publicKey: 'A'.repeat(43),
  status: 'ACTIVE',
  forCause: false,
};
const install = { ...head, kind: 'install', killSwitch: false };
const policy = {
  ...head,
  policyVersion: 1,
  author: 'operator:local',
  kind: 'connection',
  org: id,
  connection: id,
  document: NEUTRAL_POLICY,
};
const zero = { inputMicrosPerMtok: '0', outputMicrosPerMtok: '0', cachedInputMicrosPerMtok: '0', requestMicros: '0' };
const prices = { ...head, kind: 'prices', currency: 'USD', entries: [{ kind: 'request', tierMinTokens: 0, ...zero }] };
const guardrails = { ...head, kind: 'guardrails', org: id, guardrails: [] };

const records = [
  ['org', registryRecordSchema, org],
  ['agent', registryRecordSchema, agent],
  ['connection', registryRecordSchema, connection],
  ['operator', registryRecordSchema, operator],
  ['install', registryRecordSchema, install],
  ['policy', policyRecordSchema, policy],
  ['prices', priceBookRecordSchema, prices],
  ['guardrails', guardrailSetRecordSchema, guardrails],
] as const;

describe.each(records)('a record %s', (_kind, schema, record) => {
  it('is read back as it was written', () => {
    expect(schema.parse(JSON.parse(JSON.stringify(record)))).toEqual(record);
  });

  it.each(Object.keys(record))('without %s is none', (field) => {
    const rest = Object.fromEntries(Object.entries(record).filter(([name]) => name !== field));
    expect(schema.safeParse(rest).success).toBe(false);
  });

  it.each([
    ['v', 2],
    ['version', 0],
    ['version', '1'],
    ['at', 'now'],
    ['kind', 'planet'],
  ])('with a bad %s is none (%#)', (field, value) => {
    expect(schema.safeParse({ ...record, [field]: value }).success).toBe(false);
  });
});

describe('a state that nobody knows', () => {
  it.each([
    ['an organisation', { ...org, status: 'FROZEN' }],
    ['an agent', { ...agent, status: 'active' }],
    ['a connection', { ...connection, status: 'OPEN' }],
    ['a hand-over', { ...connection, handOver: 'TWICE' }],
    ['a credential', { ...agent, credentials: [{ kind: 'PASSWORD', createdAt: at, expiresAt: at }] }],
    ['a kill switch', { ...install, killSwitch: 'off' }],
  ])('of %s is no record: it would be read as allowed', (_what, record) => {
    expect(registryRecordSchema.safeParse(record).success).toBe(false);
  });
});

describe('a policy in force', () => {
  it('has an organisation’s own fields for an organisation, and only there', () => {
    const ofOrg = { ...head, policyVersion: 1, author: 'operator:local', kind: 'org', org: id };
    expect(policyRecordSchema.safeParse({ ...ofOrg, document: DEFAULT_ORGANIZATION_POLICY }).success).toBe(true);
    expect(policyRecordSchema.safeParse({ ...ofOrg, document: NEUTRAL_POLICY }).success).toBe(false);
    expect(policyRecordSchema.safeParse({ ...policy, document: DEFAULT_ORGANIZATION_POLICY }).success).toBe(false);
  });

  it.each([
    [{ kind: 'org', org: id }, true],
    [{ kind: 'org', org: id, agent: id }, false],
    [{ kind: 'agent', org: id }, false],
    [{ kind: 'agent', org: id, agent: id }, true],
    [{ kind: 'connection', org: id, connection: id }, true],
    [{ kind: 'connection', org: id, agent: id }, false],
  ])('belongs to the scope %p: %p', (scope, valid) => {
    expect(policyScopeSchema.safeParse(scope).success).toBe(valid);
  });
});

describe('keys of read models', () => {
  it('have one form', () => {
    expect([
      readModelKey.org('o'),
      readModelKey.agent({ org: 'o', agent: 'a' }),
      readModelKey.connection('o', 'c'),
      readModelKey.install(),
      readModelKey.prices(3),
      TICK_KEY,
    ]).toEqual(['org.o', 'agent.o.a', 'conn.o.c', 'install', 'prices.3', '_tick']);
  });

  it('stand in the bucket of the one service that writes them', () => {
    expect(READ_MODEL_OWNERS.map((owner) => [readModelStream(owner), readModelSubject(owner, TICK_KEY)])).toEqual([
      ['KV_CFG_registry', '$KV.CFG_registry._tick'],
      ['KV_CFG_policy', '$KV.CFG_policy._tick'],
      ['KV_CFG_budget', '$KV.CFG_budget._tick'],
      ['KV_CFG_guardrails', '$KV.CFG_guardrails._tick'],
    ]);
  });

  it('hold a tick with its instant', () => {
    expect(tickSchema.safeParse({ v: 1, at, by: 'a' }).success).toBe(true);
    expect(tickSchema.safeParse({ v: 1, at: 0, by: 'a' }).success).toBe(false);
  });
});
