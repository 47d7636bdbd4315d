import { formatInstant } from '@countersign/primitives';
import type { AgentRef } from '@countersign/contracts';
import type { Tx } from '@countersign/store';
import { MOST_USES } from '../../domain/bounded-uses.js';
import type { NotedUse } from '../../domain/least-privilege.js';

/** A use with the agent whose grant it was of. */
export interface UseOfAgent extends NotedUse {
  readonly agent: AgentRef;
}

/** Uses of one kind of grant by one agent. */
export interface UsesOfKind {
  readonly org: string;
  readonly agent: string;
  readonly kind: string;
}

/** Notes when grants were last used, to the hour: more would be a write a task. Answers where entries were added. */
export async function noteUses(tx: Tx, uses: readonly UseOfAgent[]): Promise<readonly UsesOfKind[]> {
  const newest = new Map<string, UseOfAgent>();
  for (const use of uses) newest.set(useText(use), use);
  if (newest.size === 0) return [];
  // one order for everybody, so that two replicas never wait for each other
  const rows = [...newest].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, use]) => use);
  const noted = await tx.query<UsesOfKind & { readonly added: boolean }>(
    `insert into trust.grant_use as u (org_id, agent_id, kind, entry, last_used_at, declared) select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::boolean[])
     on conflict (org_id, agent_id, kind, entry) do update set last_used_at = greatest(u.last_used_at, excluded.last_used_at), declared = excluded.declared, written_at = clock_timestamp() where u.last_used_at < excluded.last_used_at - interval '1 hour' or u.declared <> excluded.declared
     returning org_id as org, agent_id as agent, kind, u.xmax = 0 as added`,
    [
      rows.map(({ agent }) => agent.org),
      rows.map(({ agent }) => agent.agent),
      rows.map(({ kind }) => kind),
      rows.map(({ entry }) => entry),
      rows.map(({ at }) => formatInstant(at)),
      rows.map(({ declared }) => declared),
    ],
  );
  return noted.filter(({ added }) => added);
}

/** Forgets the oldest uses beyond the bound of these agents and kinds. Rows that somebody else is at are left to him: nobody waits. */
export async function forgetUses(tx: Tx, all: readonly UsesOfKind[]): Promise<void> {
  await tx.query(
    `delete from trust.grant_use g using (
       select u.org_id, u.agent_id, u.kind, u.entry from unnest($1::uuid[], $2::uuid[], $3::text[]) as k(org_id, agent_id, kind)
       cross join lateral (
         select * from trust.grant_use u where u.org_id = k.org_id and u.agent_id = k.agent_id and u.kind = k.kind and not u.declared
         order by u.last_used_at desc, u.entry collate "C" offset ${MOST_USES} for update skip locked) u) old
     where g.org_id = old.org_id and g.agent_id = old.agent_id and g.kind = old.kind and g.entry = old.entry`,
    [all.map(({ org }) => org), all.map(({ agent }) => agent), all.map(({ kind }) => kind)],
  );
}

/** Key of a use as one string. */
export function useText({ agent, kind, entry }: UseOfAgent): string {
  return `${agent.org}/${agent.agent}/${kind}/${entry}`;
}
