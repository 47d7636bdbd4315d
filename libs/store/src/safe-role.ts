import { UnsafeRole } from './errors.js';
import type { Tx } from './transaction.js';

interface RoleRow {
  readonly powerful: string | null;
  readonly owned: string | null;
  readonly bare: string | null;
}

/** Membership counts however it is granted: a role that can become the owner can switch the policies off. */
const ROLE_QUERY = `
  with me as (select oid from pg_roles where rolname in (current_user, session_user))
  select
    (select min(r.rolname) from pg_roles r, me
      where (r.rolsuper or r.rolbypassrls) and (r.oid = me.oid or pg_has_role(me.oid, r.oid, 'MEMBER'))) as powerful,
    (select min(n.nspname || '.' || c.relname) from me, pg_class c join pg_namespace n on n.oid = c.relnamespace
      where (c.relowner = me.oid or n.nspname = $1) and pg_has_role(me.oid, c.relowner, 'MEMBER')) as owned,
    (select min(c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id' and not a.attisdropped
      where n.nspname = $1 and c.relkind in ('r', 'p') and not c.relispartition
        and not (c.relrowsecurity and c.relforcerowsecurity
                 and exists (select 1 from pg_policy p where p.polrelid = c.oid))) as bare`;

/** Throws {@link UnsafeRole} when the role of this connection could see past row-level security, or a tenant table of the schema has none. */
export async function refuseUnsafeRole(tx: Pick<Tx, 'query'>, schema: string): Promise<void> {
  const [role] = await tx.query<RoleRow>(ROLE_QUERY, [schema]);
  if (role === undefined) throw new UnsafeRole('the role of this connection is not known');
  if (role.powerful !== null)
    throw new UnsafeRole(
      `the role of this connection is, or may become, ${role.powerful}, which bypasses row-level security`,
    );
  if (role.owned !== null)
    throw new UnsafeRole(`the role of this connection owns, or may become the owner of, ${role.owned}`);
  if (role.bare !== null)
    throw new UnsafeRole(`table ${schema}.${role.bare} has an org_id and no forced row-level security with a policy`);
}
