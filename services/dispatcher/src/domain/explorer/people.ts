import { VERDICT_VALIDITY_MS } from '@countersign/contracts';
import { decideRequest, type DecisionOutcome } from '../approval-decision.js';
import type { TaskRecord } from '../model.js';
import type { Bug, Move } from './move.js';
import type { World } from './world.js';

/** Two people of the organisation, both approvers. */
const PEOPLE = ['p', 'q'] as const;

/** What two people may do: approve, reject, click again; and one of them may be disabled for cause. */
export function peopleMoves(world: World, bug: Bug | undefined): Move[] {
  const { row } = world;
  if (row === undefined) return [];
  // it changes nothing before p has approved anything
  const counts = world.clicks.includes('p') || row.approvedBy?.includes('p') === true;
  const disabled: Move[] =
    world.disabled || !counts ? [] : [{ name: 'p is disabled', next: { ...world, disabled: true } }];
  return [
    ...PEOPLE.filter((person) => !(world.disabled && person === 'p')).flatMap((person) => [
      ...approved(world, row, person, bug),
      ...rejected(world, row, person),
    ]),
    ...disabled,
  ];
}

function approved(world: World, row: TaskRecord, person: string, bug: Bug | undefined): Move[] {
  const known = bug === 'one person counts as two' ? `${person}${world.clicks.length}` : person;
  const outcome = decided(world, row, known, 'APPROVE');
  if (outcome.kind !== 'counted') return [];
  const next = { ...world, clicks: [...world.clicks, person].sort().join(''), row: outcome.record };
  if (bug !== 'an approval releases' || outcome.record.state !== 'EVALUATING')
    return [{ name: `${person} approves`, next }];
  const { round } = row;
  const released: TaskRecord = {
    ...outcome.record,
    state: 'RELEASING',
    round,
    validUntil: world.roundAt + VERDICT_VALIDITY_MS,
  };
  return [{ name: `${person} approves`, next: { ...next, row: released } }];
}

function rejected(world: World, row: TaskRecord, person: string): Move[] {
  const outcome = decided(world, row, person, 'REJECT');
  return outcome.kind === 'counted' ? [{ name: `${person} rejects`, next: { ...world, row: outcome.record } }] : [];
}

function decided(
  { now, disabled }: World,
  row: TaskRecord,
  operator: string,
  decision: 'APPROVE' | 'REJECT',
): DecisionOutcome {
  return decideRequest(
    row,
    {
      person: { org: row.key.org, operator, roles: ['APPROVER'], status: 'ACTIVE' },
      decision,
      unsafe: false,
      round: row.round,
      actionDigest: row.actionDigest ?? '',
      bulk: false,
    },
    { now, approvals: [], registrars: ['operator:local'], stands: (person) => !(disabled && person === 'p') },
  );
}
