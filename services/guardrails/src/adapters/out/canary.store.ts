import { Injectable } from '@nestjs/common';
import { Random } from '@countersign/primitives';
import type { AgentRef } from '@countersign/contracts';
import { DependencyUnavailable } from '@countersign/bus';
import { Database } from '@countersign/store';
import { CanaryRegister, type KnownCanary } from '../../application/ports.js';
import { canaryHash } from '../../domain/techniques/canaries.js';

const RANDOM_BYTES = 8;

/** Canaries in PostgreSQL, by their hashes. */
@Injectable()
export class CanaryStore extends CanaryRegister {
  constructor(
    private readonly database: Database,
    private readonly random: Random,
  ) {
    super();
  }

  /** Makes a canary for an agent and answers it; only its hash is kept. */
  async create({ org, agent }: AgentRef, actor: string): Promise<string> {
    const canary = `cnry-${Buffer.from(this.random.bytes(RANDOM_BYTES)).toString('hex')}`;
    await this.database.tenant(org, (tx) =>
      tx.query('insert into guardrails.canary (org_id, hash, agent_id, actor) values ($1, $2, $3, $4)', [
        org,
        canaryHash(canary),
        agent,
        actor,
      ]),
    );
    return canary;
  }

  async known(hashes: readonly string[]): Promise<readonly KnownCanary[]> {
    return this.database
      .system((tx) =>
        tx.query<KnownCanary>('select hash, org_id as org from guardrails.canary where hash = any ($1)', [hashes]),
      )
      .catch((cause: unknown) => {
        throw new DependencyUnavailable('the register of canaries', { cause });
      });
  }
}
