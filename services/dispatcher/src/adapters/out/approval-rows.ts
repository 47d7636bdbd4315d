import { formatInstant } from '@countersign/primitives';
import type { Action, ApprovalFacts, Severity } from '@countersign/contracts';
import type { Tx } from '@countersign/store';
import type {
  ArrivedDecision,
  BlockedDecision,
  WaitingCursor,
  WaitingRequest,
} from '../../application/approval-ports.js';
import type { Changed as ChangedRow } from '../../application/ports.js';
import { attemptText } from '../../domain/attempt.js';
import type { ApprovalRequest, ApprovalStage, AskedReason } from '../../domain/approval-request.js';
import type { TaskRecord } from '../../domain/model.js';
import { OtherOrganizations } from './organizations.js';

/** A row before and after it changed. */
export interface RowPair {
  readonly before: TaskRecord | undefined;
  readonly after: TaskRecord;
}

/** Locked rows beside what became of them. */
export function pairsOf(rows: ReadonlyMap<string, TaskRecord>, changed: readonly ChangedRow[]): readonly RowPair[] {
  return changed.map(({ record }) => ({ before: rows.get(attemptText(record)), after: record }));
}

/**
 * Writes the requests of rows as they stand after a change, in the transaction of the rows. Throws {@link OtherOrganizations} when one of them belongs to an
 * organisation that the transaction was not begun for.
 */
export async function writeRequests(tx: Tx, orgs: readonly string[], pairs: readonly RowPair[]): Promise<void> {
  const changed = pairs.flatMap(({ before, after }) =>
    after.requests === before?.requests
      ? []
      : (after.requests ?? []).flatMap((request) =>
          before?.requests?.includes(request) === true ? [] : [{ record: after, request }],
        ),
  );
  if (changed.length === 0) return;
  const others = changed.flatMap(({ request }) => (orgs.includes(request.org) ? [] : [request.org]));
  if (others.length > 0) throw new OtherOrganizations(others);
  await tx.query(
    `insert into dispatcher.approval_request (org_id, client_org, agent_id, task_id, attempt, round, stage, status, required, severity, reasons, authors, target_org, target_agent, action, action_digest, requested_at, expires_at)
     select o, c, a, t, n, r, g, s, q, v, e::json, u::json, x, y, i::json, d, f, z
     from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::int[], $6::int[], $7::text[], $8::text[], $9::int[], $10::text[], $11::text[], $12::text[], $13::uuid[], $14::uuid[], $15::text[], $16::text[], $17::timestamptz[], $18::timestamptz[])
       as w(o, c, a, t, n, r, g, s, q, v, e, u, x, y, i, d, f, z)
     on conflict (org_id, client_org, agent_id, task_id, attempt, round, stage) do update set status = excluded.status, updated_at = clock_timestamp()`,
    requestParams(changed),
  );
}

interface Changed {
  readonly record: TaskRecord;
  readonly request: ApprovalRequest;
}

function requestParams(changed: readonly Changed[]): unknown[] {
  const of = <T>(value: (change: Changed) => T): T[] => changed.map(value);
  return [
    of(({ request }) => request.org),
    of(({ record }) => record.key.org),
    of(({ record }) => record.key.agent),
    of(({ record }) => record.key.task),
    of(({ record }) => record.attempt),
    of(({ request }) => request.round),
    of(({ request }) => request.stage),
    of(({ request }) => request.status),
    of(({ request }) => request.required),
    of(({ request }) => request.severity),
    of(({ request }) => JSON.stringify(request.reasons)),
    of(({ record }) => jsonOf(record.facts.approval?.authors)),
    of(({ record }) => record.connection?.org ?? record.key.org),
    of(({ record }) => record.connection?.agent ?? record.key.agent),
    of(({ record }) => JSON.stringify(record.action ?? null)),
    of(({ record }) => record.actionDigest ?? ''),
    of(({ request }) => formatInstant(request.requestedAt)),
    of(({ request }) => formatInstant(request.expiresAt)),
  ];
}

const jsonOf = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));

/** One decision of a person at a time, so that their approvals are counted exactly. In a statement of its own, before the row is locked. */
export async function lockPerson(tx: Tx, person: string): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`approver ${person}`]);
}

/** When a person approved in the last 20 minutes, in ms. */
export async function approvalsOf(tx: Tx, org: string, person: string): Promise<readonly number[]> {
  const rows = await tx.query<{ readonly at: Date }>(
    `select at from dispatcher.approval_decision where org_id = $1 and person = $2 and decision = 'APPROVE' and at > clock_timestamp() - interval '20 minutes'`,
    [org, person],
  );
  return rows.map(({ at }) => at.getTime());
}

/** Keeps what a person decided; the first decision of a person on a request stands. */
export async function insertDecision(
  tx: Tx,
  { key, attempt, said, person, comment }: ArrivedDecision,
  { round, stage }: ApprovalRequest,
  now: number,
): Promise<void> {
  await tx.query(
    `insert into dispatcher.approval_decision (org_id, client_org, agent_id, task_id, attempt, round, stage, person, decision, unsafe, comment, auth_context, at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::json, $13)`,
    [
      ...[person.org, key.org, key.agent, key.task, attempt, round, stage, person.operator],
      ...[said.decision, said.unsafe, comment ?? null, JSON.stringify({ kid: person.kid }), formatInstant(now)],
    ],
  );
}

/** Keeps that somebody tried to decide who may not; the same attempt again adds nothing. */
export async function insertBlocked(
  tx: Tx,
  org: string,
  { key, attempt, round, actor, why }: BlockedDecision,
): Promise<void> {
  await tx.query(
    `insert into dispatcher.approval_blocked (org_id, client_org, agent_id, task_id, attempt, round, actor, why) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
    [org, key.org, key.agent, key.task, attempt, round, actor, why],
  );
}

interface WaitingRow {
  readonly client_org: string;
  readonly agent_id: string;
  readonly task_id: string;
  readonly attempt: number;
  readonly round: number;
  readonly stage: ApprovalStage;
  readonly required: 1 | 2;
  readonly severity: Severity;
  readonly reasons: readonly AskedReason[];
  readonly authors: ApprovalFacts['authors'] | null;
  readonly target_org: string;
  readonly target_agent: string;
  readonly action: Action;
  readonly action_digest: string;
  readonly requested_at: Date;
  readonly expires_at: Date;
  readonly approvers: readonly string[];
}

/** Which of the requests that wait are read. */
export interface WaitingPage {
  readonly after: WaitingCursor | undefined;
  readonly most: number;
}

/** What requests are told apart and ordered by; of one instant there may be many. */
const ORDER = 'q.requested_at, q.client_org, q.agent_id, q.task_id, q.attempt, q.round, q.stage';

/** Requests of an organisation that wait, oldest first. */
export async function readWaiting(
  tx: Tx,
  org: string,
  { after, most }: WaitingPage,
): Promise<readonly WaitingRequest[]> {
  const beyond =
    after === undefined
      ? ''
      : `and (${ORDER}) > ($3::timestamptz, $4::uuid, $5::uuid, $6::uuid, $7::int, $8::int, $9::text)`;
  const rows = await tx.query<WaitingRow>(
    `select q.*, coalesce((select json_agg(d.person order by d.at) from dispatcher.approval_decision d where (d.org_id, d.client_org, d.agent_id, d.task_id, d.attempt, d.round, d.stage) = (q.org_id, q.client_org, q.agent_id, q.task_id, q.attempt, q.round, q.stage)), '[]') as approvers
     from dispatcher.approval_request q where q.org_id = $1 and q.status = 'PENDING' and q.expires_at > clock_timestamp() ${beyond} order by ${ORDER} limit $2`,
    [org, most, ...(after === undefined ? [] : cursorParams(after))],
  );
  return rows.map((row) => waitingOf(org, row));
}

function cursorParams({ requestedAt, key, attempt, round, stage }: WaitingCursor): unknown[] {
  return [formatInstant(requestedAt), key.org, key.agent, key.task, attempt, round, stage];
}

function waitingOf(org: string, row: WaitingRow): WaitingRequest {
  const { round, stage, required, severity, reasons } = row;
  const decisions = row.approvers.map((person) => ({ person, decision: 'APPROVE' as const, unsafe: false, at: 0 }));
  const [requestedAt, expiresAt] = [row.requested_at.getTime(), row.expires_at.getTime()];
  return {
    key: { org: row.client_org, agent: row.agent_id, task: row.task_id },
    attempt: row.attempt,
    request: { org, round, stage, required, severity, reasons, status: 'PENDING', requestedAt, expiresAt, decisions },
    action: row.action,
    actionDigest: row.action_digest,
    target: { org: row.target_org, agent: row.target_agent },
    authors: row.authors ?? undefined,
  };
}
