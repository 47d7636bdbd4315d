import { formatInstant } from '@countersign/primitives';
import {
  agentRecordSchema,
  connectionRecordSchema,
  installRecordSchema,
  operatorRecordSchema,
  orgRecordSchema,
  readModelKey,
  type RegistryRecord,
} from '@countersign/contracts';

/** A row of any table, with its record's JSON made by the query. */
export interface RecordRow {
  readonly record: Record<string, unknown>;
  readonly updated_at: Date;
  readonly version: bigint;
}

const CREDENTIALS = `(select coalesce(jsonb_agg(jsonb_build_object('kind', c.kind, 'createdAt', c.created_at, 'expiresAt', c.expires_at) order by c.created_at), '[]')
  from registry.credential c where c.org_id = a.org_id and c.agent_id = a.agent_id and c.state = 'ACTIVE' and c.expires_at > clock_timestamp())`;

const SHARE = `(select jsonb_strip_nulls(jsonb_build_object('id', s.share_id, 'status', s.status, 'epoch', s.epoch, 'expiresAt', s.expires_at)) || jsonb_build_object('taskTypes', s.task_types)
  from registry.agent_share s where s.org_id = c.target_org and s.share_id = c.share_id)`;

/** Queries that make records; each takes a condition and is read under the system role, because a connection's share stands with another organisation. */
export const RECORD_QUERIES = {
  org: `select o.version, o.updated_at, jsonb_build_object('kind', 'org', 'org', o.org_id, 'name', o.name, 'status', o.status, 'killSwitch', o.kill_switch, 'currency', o.currency, 'zone', o.zone) as record from registry.organization o`,
  agent: `select a.version, a.updated_at, jsonb_build_object('kind', 'agent', 'org', a.org_id, 'agent', a.agent_id, 'name', a.name, 'status', a.status, 'epoch', a.epoch, 'communication', a.communication,
    'mayOriginate', a.may_originate, 'surface', a.surface, 'owner', a.owner, 'registeredBy', a.registered_by, 'registration', a.registration, 'registeredAt', a.registered_at, 'credentials', ${CREDENTIALS}) as record from registry.agent a`,
  connection: `select c.version, c.updated_at, jsonb_strip_nulls(jsonb_build_object('kind', 'connection', 'connection', c.connection_id, 'client', jsonb_build_object('org', c.org_id, 'agent', c.client_agent),
    'target', jsonb_build_object('org', c.target_org, 'agent', c.target_agent), 'status', c.status, 'epoch', c.epoch, 'handOver', 'AT_MOST_ONCE', 'sandbox', c.sandbox, 'requiredApprovals', c.required_approvals, 'expiresAt', c.expires_at))
    || case when c.share_id is null then '{}' else jsonb_build_object('share', ${SHARE}) end as record from registry.connection c`,
  operator: `select p.version, p.updated_at, jsonb_build_object('kind', 'operator', 'org', p.org_id, 'operator', p.operator_id, 'name', p.name, 'roles', p.roles, 'kid', p.kid, 'publicKey', p.public_key, 'status', p.status, 'forCause', p.for_cause) as record from registry.operator p`,
  install: `select i.version, i.updated_at, jsonb_build_object('kind', 'install', 'killSwitch', i.kill_switch) as record from registry.installation i`,
} as const;
/** A kind of record. */
export type RecordKind = keyof typeof RECORD_QUERIES;

const SCHEMAS = {
  org: orgRecordSchema,
  agent: agentRecordSchema,
  connection: connectionRecordSchema,
  operator: operatorRecordSchema,
  install: installRecordSchema,
} as const;

const INSTANTS = new Set(['createdAt', 'expiresAt', 'registeredAt']);

/** PostgreSQL writes instants in its own form; the wire has one form only. */
function withInstants(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withInstants);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([k, v]) => [
      k,
      INSTANTS.has(k) && typeof v === 'string' ? formatInstant(Date.parse(v)) : withInstants(v),
    ]),
  );
}

/** Makes the record that is published of a row. */
export function recordOf(kind: RecordKind, row: RecordRow): RegistryRecord {
  return SCHEMAS[kind].parse({
    v: 1,
    version: Number(row.version),
    at: formatInstant(row.updated_at.getTime()),
    ...(withInstants(row.record) as object),
  });
}

/** The key of a record in the bucket. */
export function keyOf(record: RegistryRecord): string {
  switch (record.kind) {
    case 'org':
      return readModelKey.org(record.org);
    case 'agent':
      return readModelKey.agent(record);
    case 'connection':
      return readModelKey.connection(record.client.org, record.connection);
    case 'operator':
      return readModelKey.operator(record.org, record.operator);
    case 'install':
      return readModelKey.install();
  }
}
