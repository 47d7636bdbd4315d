import { describe, expect, it } from '@jest/globals';
import { DAY_MS as DAY } from './algorithm.js';
import { complianceFacts } from './families/compliance.js';
import { privilegeOf, type GrantUse } from './least-privilege.js';
import { hasEnded, inheritedMass, lineageKeys, type LineageEntry } from './lineage.js';
import { complianceOf, softwareDigestOf, type Posture } from './posture.js';
import { CASE_NOW as NOW } from './spec-support/case-evidence.js';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const statement = (change: Partial<Posture> & Pick<Posture, 'fact' | 'value'>): Posture => ({
  source: 'ci',
  observedAt: NOW,
  expiresAt: undefined,
  by: 'operator:local',
  ...change,
});
const points = (posture: readonly Posture[], now = NOW): number =>
  complianceFacts(complianceOf(posture, now), now).reduce((sum, fact) => sum + fact.points, 0);

describe('posture', () => {
  const SCAN = statement({ fact: 'SCAN', value: { openCritical: 0, openHigh: 0 } });

  it.each([
    [
      'software on the allow-list',
      statement({ fact: 'SOFTWARE_DIGEST', value: { digest: DIGEST, allowListed: true } }),
      400,
    ],
    ['software that is not', statement({ fact: 'SOFTWARE_DIGEST', value: { digest: DIGEST, allowListed: false } }), 0],
    ['a clean scan', SCAN, 500],
    ['a scan with an open finding', { ...SCAN, value: { openCritical: 0, openHigh: 1 } }, 0],
    ['a scan of 30 days ago', { ...SCAN, observedAt: NOW - 30 * DAY }, 500],
    ['a scan of 45 days ago', { ...SCAN, observedAt: NOW - 45 * DAY }, 250],
    ['a scan of 60 days ago', { ...SCAN, observedAt: NOW - 60 * DAY }, 0],
    ['an approved environment', statement({ fact: 'ENVIRONMENT', value: { name: 'prod', approved: true } }), 300],
    ['a declaration', statement({ fact: 'DATA_DECLARATION', value: { reference: 'DPA-1' } }), 300],
    [
      'a declaration of a year and a half ago',
      statement({ fact: 'DATA_DECLARATION', value: { reference: 'DPA-1' }, observedAt: NOW - 547.5 * DAY }),
      150,
    ],
    ['a statement that ends now', { ...SCAN, expiresAt: NOW }, 0],
    ['a statement that ends in a moment', { ...SCAN, expiresAt: NOW + 1 }, 500],
    ['a statement of the future', { ...SCAN, observedAt: NOW + 1 }, 0],
    ['a statement that is not in the form of its fact', { ...SCAN, value: { clean: true } }, 0],
  ])('%s gives its points', (_, given, wanted) => {
    expect(points([given])).toBe(wanted);
  });

  it('knows the software even when its statement is over', () => {
    const over = statement({
      fact: 'SOFTWARE_DIGEST',
      value: { digest: DIGEST, allowListed: true },
      expiresAt: NOW - 1,
    });
    expect(softwareDigestOf([over])).toBe(DIGEST);
    expect(softwareDigestOf([])).toBeUndefined();
  });
});

describe('least privilege', () => {
  const use = (kind: GrantUse['kind'], entry: string, age = 0): GrantUse => ({ kind, entry, at: NOW - age });
  const document = { taskTypes: ['chat', 'code*'], models: ['m-1'], tools: [] };

  it('counts a pattern as used when one match ran in 30 days', () => {
    const uses = [use('taskTypes', 'code_review'), use('models', 'm-1', 29 * DAY)];
    expect(privilegeOf([document], uses, NOW)).toEqual({
      wildcard: false,
      granted: 3,
      used: 2,
      unused: ['taskTypes:chat'],
    });
  });

  it('counts nothing that ran longer ago, in the future or under another kind', () => {
    const uses = [use('taskTypes', 'chat', 30 * DAY), use('taskTypes', 'code_review', -1), use('tools', 'm-1')];
    expect(privilegeOf([document], uses, NOW).used).toBe(0);
  });

  it.each([
    ['no list', { ...document, models: null }],
    ['a lone star', { ...document, models: ['*'] }],
  ])('sees %s as a grant of anything', (_, given) => {
    expect(privilegeOf([given], [], NOW).wildcard).toBe(true);
  });
});

describe('lineage', () => {
  const OLD = { org: 'o', name: 'writer', owner: 'user:ann' };
  const [byName] = lineageKeys(OLD, undefined);
  const entry = (change: Partial<LineageEntry>): LineageEntry => ({
    org: 'o',
    key: byName ?? { type: 'NAME_AND_OWNER', hash: '' },
    agent: 'old',
    mass: 8,
    asOf: NOW,
    endedAt: NOW,
    ...change,
  });
  const newcomer = { agent: 'new', registeredAt: NOW + 1_000 };

  it('knows an agent by name and owner, and by software and owner', () => {
    expect(lineageKeys(OLD, DIGEST).map(({ type }) => type)).toEqual(['NAME_AND_OWNER', 'SOFTWARE_AND_OWNER']);
    expect(lineageKeys({ ...OLD, owner: 'ann' }, DIGEST)).toEqual(lineageKeys(OLD, DIGEST));
    expect(lineageKeys({ ...OLD, org: 'other' }, DIGEST)).not.toEqual(lineageKeys(OLD, DIGEST));
    expect(lineageKeys({ ...OLD, name: 'reader' }, DIGEST)[1]).toEqual(lineageKeys(OLD, DIGEST)[1]);
  });

  it('gives the most of all keys, not the sum', () => {
    expect(inheritedMass([entry({}), entry({ mass: 5, agent: 'older' })], newcomer, NOW)).toBe(8);
  });

  it('fades as violations do', () => {
    expect(inheritedMass([entry({})], newcomer, NOW + 30 * DAY)).toBeCloseTo(4, 10);
  });

  it('is nothing for the agent itself, nor for one that was there before the other ended', () => {
    expect(inheritedMass([entry({ agent: 'new' })], newcomer, NOW)).toBe(0);
    expect(inheritedMass([entry({ endedAt: NOW + 2_000 })], newcomer, NOW)).toBe(0);
  });

  it.each([
    ['REVOKED', true],
    ['DECOMMISSIONED', true],
    ['SUSPENDED', false],
    ['ACTIVE', false],
  ] as const)('remembers an agent that is %s: %s', (status, ended) => {
    expect(hasEnded({ status })).toBe(ended);
  });
});
