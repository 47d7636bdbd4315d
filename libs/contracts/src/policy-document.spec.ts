import { describe, expect, it } from '@jest/globals';
import {
  DEFAULT_ORGANIZATION_POLICY,
  denyRuleSchema,
  gateSchema,
  listSchema,
  NEUTRAL_POLICY,
  NEUTRAL_SURFACE,
  organizationPolicySchema,
  patternSchema,
  policySchema,
  surfaceSchema,
  windowSchema,
} from './policy-document.js';

const fields = (schema: { readonly shape: object }): string[] => Object.keys(schema.shape);
const without = (document: object, field: string): object =>
  Object.fromEntries(Object.entries(document).filter(([name]) => name !== field));

describe('a policy', () => {
  it('that asks for nothing is valid, and so is an organisation’s of its own making and the plainest surface', () => {
    expect(policySchema.parse(NEUTRAL_POLICY)).toEqual(NEUTRAL_POLICY);
    expect(organizationPolicySchema.parse(DEFAULT_ORGANIZATION_POLICY)).toEqual(DEFAULT_ORGANIZATION_POLICY);
    expect(surfaceSchema.parse(NEUTRAL_SURFACE)).toEqual(NEUTRAL_SURFACE);
  });

  it.each(fields(policySchema))('without %s is refused: unset is never read as any', (field) => {
    expect(policySchema.safeParse(without(NEUTRAL_POLICY, field)).error?.issues[0]?.path).toEqual([field]);
  });

  it.each(fields(organizationPolicySchema))('of an organisation without %s is refused', (field) => {
    const found = organizationPolicySchema.safeParse(without(DEFAULT_ORGANIZATION_POLICY, field));
    expect(found.error?.issues[0]?.path).toEqual([field]);
  });

  it.each(fields(surfaceSchema).filter((field) => field !== 'maxRunSeconds'))(
    'meets no surface without %s',
    (field) => {
      expect(surfaceSchema.safeParse(without(NEUTRAL_SURFACE, field)).error?.issues[0]?.path).toEqual([field]);
    },
  );

  it.each([
    ['taskTypes', ['*']],
    ['taskTypes', ['a*b']],
    ['models', new Array(201).fill('m')],
    ['rate', { perMinute: 10_001, perHour: null }],
    ['rate', { perMinute: 1 }],
    ['maxCostMicros', 100],
    ['maxCostMicros', '1.00'],
    ['maxHops', 11],
    ['dataClasses', ['SECRET']],
    ['requireParent', null],
    ['colour', 1],
  ])('is refused for a bad %s (%#)', (field, value) => {
    expect(policySchema.safeParse({ ...NEUTRAL_POLICY, [field]: value }).success).toBe(false);
  });

  it('may ask a person for every task type, and by no other field for everything', () => {
    expect(policySchema.safeParse({ ...NEUTRAL_POLICY, approvalTaskTypes: ['*'] }).success).toBe(true);
    expect(listSchema.safeParse(['*']).success).toBe(false);
  });
});

describe('a pattern', () => {
  it.each(['a', 'claude-3-5-sonnet*', 'mcp:files/read', 'x'.repeat(128)])('is %p', (text) => {
    expect(patternSchema.safeParse(text).success).toBe(true);
  });

  it.each(['', '*', '**', 'a**', '*a', 'a b', 'a?', 'é', 'a\n', `${'x'.repeat(129)}*`])('is not %p', (text) => {
    expect(patternSchema.safeParse(text).success).toBe(false);
  });
});

describe('a time window', () => {
  const window = { days: ['MON'], start: '09:00', end: '17:00', tz: 'Europe/Berlin' };

  it.each([{}, { start: '22:00', end: '06:00' }, { start: '00:00', end: '24:00' }, { start: '23:59', end: '00:01' }])(
    'may be %p',
    (parts) => {
      expect(windowSchema.safeParse({ ...window, ...parts }).success).toBe(true);
    },
  );

  it.each([
    { end: '09:00' },
    { start: '24:00' },
    { end: '00:00' },
    { end: '24:01' },
    { start: '9:00' },
    { days: [] },
    { days: ['monday'] },
    { tz: '' },
    { colour: 1 },
  ])('is not %p', (parts) => {
    expect(windowSchema.safeParse({ ...window, ...parts }).success).toBe(false);
  });
});

describe('a gate', () => {
  it.each([null, { level: 'VERIFIED' }, { scoreHundredths: 0 }, { scoreHundredths: 10_000 }])('may be %p', (gate) => {
    expect(gateSchema.safeParse(gate).success).toBe(true);
  });

  it.each([
    { level: 'HIGH' },
    { scoreHundredths: 65.5 },
    { scoreHundredths: 10_001 },
    { level: 'VERIFIED', scoreHundredths: 1 },
    {},
    'VERIFIED',
  ])('is not %p', (gate) => {
    expect(gateSchema.safeParse(gate).success).toBe(false);
  });
});

describe('a denial rule', () => {
  it('names what it is about', () => {
    expect(denyRuleSchema.safeParse({ id: 'r1', taskType: 'delete*', reason: 'no' }).success).toBe(true);
  });

  it('without a condition is refused: it would deny everything', () => {
    expect(denyRuleSchema.safeParse({ id: 'r1' }).success).toBe(false);
    expect(denyRuleSchema.safeParse({ id: 'r1', reason: 'no' }).success).toBe(false);
  });
});
