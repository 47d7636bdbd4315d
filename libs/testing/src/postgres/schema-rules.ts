/** One rule of schemas and the query that finds what breaks it: rows with the name of the thing. `$1` is the schema. */
export interface SchemaRule {
  readonly says: string;
  readonly sql: string;
}

const tables = `pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = $1`;
const column = (table: string, name: string): string =>
  `exists (select 1 from pg_attribute a where a.attrelid = ${table} and a.attname = '${name}' and not a.attisdropped)`;
const tenantTables = `${tables} where c.relkind in ('r', 'p') and not c.relispartition and ${column('c.oid', 'org_id')}`;
const orgOf = (table: string): string =>
  `(select attnum from pg_attribute a where a.attrelid = ${table} and a.attname = 'org_id' and not a.attisdropped)`;
const grants = `cross join lateral aclexplode(acl) g where g.grantee <> all (array(
  select oid from pg_roles where rolname in ($1 || '_owner', $1 || '_app', $1 || '_system', $1 || '_migrate')))`;
const relations = `(select c.oid, c.relname, coalesce(c.relacl, acldefault('r', c.relowner)) as acl from ${tables}
  where c.relkind in ('r', 'p', 'v', 'm')) c`;

/** What every schema of a service has to keep to, so that no forgotten table shows one organisation to another. */
export const SCHEMA_RULES: readonly SchemaRule[] = [
  {
    says: 'a table with org_id has forced row-level security',
    sql: `select c.relname as name from ${tenantTables} and not (c.relrowsecurity and c.relforcerowsecurity)`,
  },
  {
    says: 'a table with org_id has a policy for the service',
    sql: `select c.relname as name from ${tenantTables} and not exists (select 1 from pg_policy p
      where p.polrelid = c.oid and p.polroles @> array[(select oid from pg_roles where rolname = $1 || '_app')])`,
  },
  {
    says: 'a policy of the service or the owner asks for the organisations of the transaction',
    sql: `select c.relname || '.' || p.polname as name from pg_policy p join ${tables} on c.oid = p.polrelid
      where p.polroles <> array[(select oid from pg_roles where rolname = $1 || '_system')]
        and (coalesce(pg_get_expr(p.polqual, p.polrelid), 'app.org_ids') not like '%app.org_ids%'
          or coalesce(pg_get_expr(p.polwithcheck, p.polrelid), 'app.org_ids') not like '%app.org_ids%'
          or 0::oid = any (p.polroles))`,
  },
  {
    says: 'a column org_id is a uuid and not null',
    sql: `select c.relname as name from ${tenantTables} and exists (select 1 from pg_attribute a where a.attrelid = c.oid
      and a.attname = 'org_id' and (a.atttypid <> 'uuid'::regtype or not a.attnotnull))`,
  },
  {
    says: 'a unique key of a table with org_id starts with it',
    sql: `select k.relname as name from pg_index i join pg_class k on k.oid = i.indexrelid, ${tenantTables}
      and i.indrelid = c.oid and i.indisunique and i.indkey[0] <> ${orgOf('c.oid')}`,
  },
  {
    says: 'a foreign key between tables with org_id holds it on both sides',
    sql: `select f.conname as name from pg_constraint f join ${tables} on c.oid = f.conrelid
      where f.contype = 'f' and ${column('f.conrelid', 'org_id')} and ${column('f.confrelid', 'org_id')}
        and not exists (select 1 from unnest(f.conkey, f.confkey) as pair (own, other)
          where pair.own = ${orgOf('f.conrelid')} and pair.other = ${orgOf('f.confrelid')})`,
  },
  {
    says: 'a foreign key stays within its schema',
    sql: `select f.conname as name from pg_constraint f join ${tables} on c.oid = f.conrelid
      join pg_class o on o.oid = f.confrelid where f.contype = 'f' and o.relnamespace <> c.relnamespace`,
  },
  {
    says: 'a view runs with the rights of whoever asks',
    sql: `select c.relname as name from ${tables} where c.relkind = 'v'
      and not coalesce(c.reloptions, '{}') && array['security_invoker=true', 'security_invoker=on', 'security_invoker=1']`,
  },
  {
    says: 'there is no materialised view, which knows no policies',
    sql: `select c.relname as name from ${tables} where c.relkind = 'm'`,
  },
  {
    says: 'nothing is granted to roles of other services or to everybody',
    sql: `select c.relname as name from ${relations} ${grants}`,
  },
  {
    says: 'the schema is open to its own roles only',
    sql: `select n.nspname as name from (select nspname, coalesce(nspacl, acldefault('n', nspowner)) as acl
      from pg_namespace where nspname = $1) n ${grants}`,
  },
  {
    says: 'a partition is reached through its parent only',
    sql: `select c.relname as name from (select c.relname, c.relowner, c.relacl as acl from ${tables} where c.relispartition) c
      cross join lateral aclexplode(c.acl) g where g.grantee <> c.relowner`,
  },
  {
    says: 'what runs with the rights of its owner names its search path and is open to the service only',
    sql: `select f.proname as name from pg_proc f join pg_namespace n on n.oid = f.pronamespace and n.nspname = $1
      where f.prosecdef and (not exists (select 1 from unnest(f.proconfig) as s (setting) where s.setting like 'search_path=%')
        or exists (select 1 from aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) g where g.grantee = 0))`,
  },
  {
    says: 'everything belongs to the owner, who cannot log in',
    sql: `select c.relname as name from ${tables} join pg_roles r on r.oid = c.relowner
      where r.rolname <> $1 || '_owner' or r.rolcanlogin or r.rolsuper or r.rolbypassrls`,
  },
  {
    says: 'money is a bigint of micros',
    sql: `select c.relname || '.' || a.attname as name from pg_attribute a join ${tables} on c.oid = a.attrelid
      where c.relkind in ('r', 'p') and not a.attisdropped
        and ((a.attname like '%\\_micros' and a.atttypid <> 'int8'::regtype) or a.atttypid = 'money'::regtype)`,
  },
];
