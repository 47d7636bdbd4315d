import { Injectable } from '@nestjs/common';
import type { AgentRef } from '@countersign/contracts';
import { DependencyUnavailable } from '@countersign/bus';
import { Database } from '@countersign/store';
import { PromptFingerprints } from '../../application/ports.js';
import type { PromptFingerprint } from '../../domain/techniques/technique.js';

interface Kept {
  readonly fingerprint: PromptFingerprint | undefined;
  readonly readAt: number;
}

interface Row {
  readonly org_id: string;
  readonly agent_id: string;
  readonly shingles: readonly string[];
}

/** How long a fingerprint is used before it is read again: a new one is in force everywhere after this. */
const KEPT_MS = 5_000;
const MOST_KEPT = 10_000;

/** Fingerprints of system prompts in PostgreSQL, kept in memory for a few seconds so that a stream of results costs few statements. */
@Injectable()
export class PromptStore extends PromptFingerprints {
  readonly #kept = new Map<string, Kept>();

  constructor(private readonly database: Database) {
    super();
  }

  /** Puts an agent's fingerprint in place of an earlier one. */
  async put({ org, agent }: AgentRef, fingerprint: PromptFingerprint, actor: string): Promise<void> {
    await this.database.tenant(org, (tx) =>
      tx.query(
        'insert into guardrails.prompt (org_id, agent_id, shingles, actor) values ($1, $2, $3, $4) on conflict (org_id, agent_id) do update set shingles = excluded.shingles, actor = excluded.actor, at = clock_timestamp()',
        [org, agent, [...fingerprint], actor],
      ),
    );
    this.#kept.delete(`${org}/${agent}`);
  }

  async of(agents: readonly AgentRef[]): Promise<ReadonlyMap<string, PromptFingerprint>> {
    const now = performance.now();
    const names = [...new Set(agents.map(({ org, agent }) => `${org}/${agent}`))];
    const stale = names.filter((name) => now - (this.#kept.get(name)?.readAt ?? -Infinity) > KEPT_MS);
    if (stale.length > 0) await this.#read(stale, now);
    return new Map(
      names.flatMap((name): [string, PromptFingerprint][] => {
        const fingerprint = this.#kept.get(name)?.fingerprint;
        return fingerprint === undefined ? [] : [[name, fingerprint]];
      }),
    );
  }

  async #read(names: readonly string[], now: number): Promise<void> {
    const [orgs, agents] = [
      names.map((name) => name.split('/')[0] ?? ''),
      names.map((name) => name.split('/')[1] ?? ''),
    ];
    const rows = await this.database
      .tenants([...new Set(orgs)], (tx) =>
        tx.query<Row>(
          'select p.org_id, p.agent_id, p.shingles from unnest($1::uuid[], $2::uuid[]) as k (org_id, agent_id) join guardrails.prompt p using (org_id, agent_id)',
          [orgs, agents],
        ),
      )
      .catch((cause: unknown) => {
        throw new DependencyUnavailable('the fingerprints of prompts', { cause });
      });
    const found = new Map(rows.map((row) => [`${row.org_id}/${row.agent_id}`, row.shingles]));
    if (this.#kept.size + names.length > MOST_KEPT) this.#kept.clear();
    for (const name of names) this.#kept.set(name, { fingerprint: found.get(name), readAt: now });
  }
}
