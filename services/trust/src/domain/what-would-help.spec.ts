import { describe, expect, it } from '@jest/globals';
import type { TrustLevel } from '@countersign/contracts';
import { DAY_MS as DAY } from './algorithm.js';
import { scoreOf } from './score.js';
import { CASE_NOW as NOW, evidenceOf, type CaseGiven } from './spec-support/case-evidence.js';
import { whatWouldHelp } from './what-would-help.js';

function help(given: CaseGiven, level?: TrustLevel, changedAt = NOW - 10 * DAY): readonly string[] {
  const breakdown = scoreOf(evidenceOf(given), NOW);
  const state = { level: level ?? breakdown.level, changedAt };
  return whatWouldHelp({ breakdown, state, now: NOW, unusedGrants: ['tools:search'] });
}
const WORK = [{ days: 30, groups: 4 }];

describe('what would help', () => {
  it('tells how long a violation ratio takes to fall, by the formula itself', () => {
    const [first] = help({ agent: 'mature', work: WORK, wrong: [{ kind: 'DELEGATION_VIOLATION', age: 10 }] });
    const days = Number(/^(\d+) d of the present clean work/.exec(first ?? '')?.[1]);
    const s = 8 * 2 ** (-(10 + days) / 30);
    const before = 8 * 2 ** (-(10 + days - 1) / 30);
    expect(s / (100 + s + 8)).toBeLessThan(0.05);
    expect(before / (100 + before + 8)).toBeGreaterThanOrEqual(0.05);
  });

  it('tells what evidence is missing for TRUSTED, of other owners', () => {
    expect(help({ agent: 'mature', work: [{ days: 30, groups: 1 }] }, 'VERIFIED')).toContainEqual(
      expect.stringContaining('EVIDENCE ends with clean work that weighs 15 more for other owners, of at least two'),
    );
  });

  it('tells when a cap of a recent violation ends', () => {
    const found = help({ agent: 'mature', work: WORK, wrong: [{ kind: 'CANARY_LEAK', age: 1 }] });
    expect(found).toContainEqual(
      expect.stringContaining('RECENT_CRITICAL holds the score at 24.99 until 2026-11-28T12:00:00.000Z'),
    );
  });

  it('tells what is left of the day for which a level is held', () => {
    expect(help({ agent: 'mature', work: WORK }, 'VERIFIED', NOW - DAY / 2)).toContainEqual(
      'TRUSTED not before 2026-11-23T00:00:00.000Z: a level is held for 24 h',
    );
  });

  it('tells what is missing above a threshold', () => {
    const given: CaseGiven = { agent: 'mature', work: WORK, wrong: [{ kind: 'TASK_FAILED', count: 3, clients: 3 }] };
    expect(scoreOf(evidenceOf(given), NOW).score).toBe(8_695);
    expect(help(given, 'VERIFIED')).toContainEqual('0.05 more points: TRUSTED asks for 2.00 above its threshold');
  });

  it('tells how much clean work would reach the next level, and that much does', () => {
    const [text] = help({ agent: 'compliant' }).filter((line) => line.startsWith('clean work that weighs'));
    const weight = Number(/weighs (\d+) more/.exec(text ?? '')?.[1]);
    const behaviour = (mass: number): number => Math.floor((4_000 * (mass + 1)) / (mass + 4));
    expect(4_800 + behaviour(weight)).toBeGreaterThanOrEqual(6_700);
    expect(4_800 + behaviour(weight - 1)).toBeLessThan(6_700);
  });

  it('says so where clean work alone does not lead on', () => {
    expect(
      help({ agent: 'new', with: { credentials: ['STATIC_SECRET'], registration: 'SELF' } }, 'VERIFIED'),
    ).toContainEqual(expect.stringContaining('clean work alone does not lead to TRUSTED'));
  });

  it('tells what each fact could still give, the most valuable first, and grants that are not used', () => {
    const found = help({ agent: 'new', with: { mature: true } });
    expect(found).toContainEqual('clean scan: up to 5.00 more (now unknown)');
    expect(found).toContainEqual('least privilege: up to 0.80 more (now 4 of 5 used in 30 d; not used: tools:search)');
    expect(found.findIndex((line) => line.startsWith('weakest live credential'))).toBeLessThan(
      found.findIndex((line) => line.startsWith('least privilege')),
    );
  });

  it('speaks of voids only where there are violations', () => {
    expect(help({ agent: 'mature', work: WORK }).join()).not.toContain('void');
    expect(help({ agent: 'new', wrong: [{ kind: 'TASK_FAILED' }] }).join()).toContain('void confirmed false positives');
  });

  it('says of a suspended agent that it has to be active', () => {
    expect(help({ agent: 'mature', with: { status: 'SUSPENDED' } })[0]).toBe(
      'the agent is SUSPENDED; only an ACTIVE agent has a score',
    );
  });
});
