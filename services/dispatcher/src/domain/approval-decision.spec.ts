import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anId, aTaskKey, ANY_GRANT, TEST_NOW_MS } from '@countersign/testing';
import { approversOf } from './approval-request.js';
import { requestsFor, requiredPeople, ORDINARY_TERMS } from './approval-terms.js';
import { decideRequest, type SaidDecision } from './approval-decision.js';
import type { TaskRecord } from './model.js';

const NOW = TEST_NOW_MS;
const key = aTaskKey();
const target = { id: anId(), org: anId(), agent: anId() };
const ORGS = [key.org, target.org] as const;

/** A row that waits for one organisation or both, as many people each as are told. */
function waiting(orgs: 1 | 2, required: 1 | 2): TaskRecord {
  const reasons = ORGS.slice(0, orgs).map((org) => ({ service: 'policy', code: 'APPROVAL_TASK_TYPE', org }) as const);
  const task = { taskType: 'chat', target: '', deadline: NOW, instance: undefined, models: null, tools: null };
  return {
    key,
    ...{ attempt: 1, round: 1, state: 'AWAITING_APPROVAL', seq: 1, acceptedAt: NOW, digest: 'sha256:0' },
    task: { ...task, usesModels: false },
    facts: { approval: { authors: [] } },
    ...{ codes: [], covered: [], claim: 'NONE', connection: target, grant: ANY_GRANT, actionDigest: 'sha256:1' },
    requests: requestsFor(reasons, {
      ...{ round: 1, stage: 'PRE_RELEASE', now: NOW },
      terms: { ...ORDINARY_TERMS, required },
    }),
    timerAt: NOW + ORDINARY_TERMS.expiryMs,
  };
}

const decisions = fc.array(
  fc.record({
    who: fc.constantFrom('a', 'b', 'c'),
    org: fc.constantFrom(0 as const, 1 as const),
    decision: fc.constantFrom('APPROVE' as const, 'APPROVE' as const, 'APPROVE' as const, 'REJECT' as const),
    at: fc.integer({ min: 0, max: 5 * 3_600_000 }),
    stale: fc.constantFrom(false, false, false, true),
  }),
  { maxLength: 12 },
);

describe('whatever people say, in whatever order', () => {
  it('the task goes on only when as many different people as are needed approved in every organisation that asks, in time, and nobody rejected', () => {
    fc.assert(
      fc.property(
        decisions,
        fc.constantFrom(1 as const, 2 as const),
        fc.constantFrom(1 as const, 2 as const),
        (said, orgs, required) => {
          let row = waiting(orgs, required);
          for (const { who, org, decision, at, stale } of [...said].sort((a, b) => a.at - b.at)) {
            const operator = `${who}${String(org)}`;
            const person = { org: ORGS[org], operator, roles: ['APPROVER'], status: 'ACTIVE' } as const;
            const shown = { round: 1, actionDigest: stale ? 'sha256:old' : 'sha256:1' };
            const one: SaidDecision = { person, decision, unsafe: false, bulk: false, ...shown };
            const facts = { now: NOW + at, approvals: [], registrars: ['operator:local'], stands: () => true };
            const outcome = decideRequest(row, one, facts);
            if (outcome.kind === 'counted') {
              expect([stale, at < ORDINARY_TERMS.expiryMs]).toEqual([false, true]);
              row = outcome.record;
            }
          }
          const requests = row.requests ?? [];
          const met = requests.every((request) => new Set(approversOf(request)).size >= request.required);
          const rejected = requests.some((r) => r.decisions.some(({ decision }) => decision === 'REJECT'));
          expect(row.state).toBe(rejected ? 'DENIED' : met ? 'EVALUATING' : 'AWAITING_APPROVAL');
          for (const { org, decisions: made } of requests) {
            expect(new Set(made.map(({ person }) => person)).size).toBe(made.length);
            expect(made.every(({ person }) => person.endsWith(String(ORGS.indexOf(org))))).toBe(true);
          }
        },
      ),
    );
  });

  it('two people are needed exactly above ten times the threshold', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 16n), fc.bigInt(0n, 10n ** 17n), (threshold, estimate) => {
        const cost = { thresholdMicros: threshold.toString(), estimateMicros: estimate.toString() };
        expect(requiredPeople([], cost, { required: 1 })).toBe(estimate > 10n * threshold ? 2 : 1);
        expect(requiredPeople([], cost, { required: 2 })).toBe(2);
      }),
    );
  });
});
