import { Injectable } from '@nestjs/common';
import type { Share } from '@countersign/contracts';
import { formatInstant } from '@countersign/primitives';
import { Database } from '@countersign/store';
import { RecordStore } from './record.store.js';
import { found, missing, taken } from './refusals.js';
import type { NewConnection } from './registry-rows.js';

interface ShareRow {
  readonly share_id: string;
  readonly org_id: string;
  readonly agent_id: string;
  readonly grantee_org: string;
  readonly status: Share['status'];
  readonly expires_at: Date | null;
  readonly waiting: readonly string[];
}

/** Connections, and the shares that those between organisations stand on. */
@Injectable()
export class ConnectionStore extends RecordStore {
  constructor(database: Database) {
    super(database);
  }

  async createConnection(connection: NewConnection): Promise<void> {
    await this.change(connection.client.org, 'connection', async (tx) => {
      const { client, target } = connection;
      await tx
        .query(
          'insert into registry.connection (org_id, connection_id, client_agent, target_org, target_agent, status, share_id, sandbox, expires_at, required_approvals) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)',
          [
            client.org,
            connection.connection,
            client.agent,
            target.org,
            target.agent,
            connection.status,
            connection.share,
            connection.sandbox,
            connection.expiresAt,
            connection.requiredApprovals,
          ],
        )
        .catch(missing('client.agent', client.agent))
        .catch(taken('target', `a connection to ${target.agent}`));
      return { where: 'c.org_id = $1 and c.connection_id = $2', params: [client.org, connection.connection] };
    });
  }

  /** The target's organisation consents to a connection. */
  async confirmConnection(targetOrg: string, connection: string): Promise<void> {
    await this.change(targetOrg, 'connection', async (tx) => {
      const [row] = await tx.query(
        `update registry.connection set status = 'ACTIVE', epoch = epoch + 1, version = version + 1, updated_at = clock_timestamp() where target_org = $1 and connection_id = $2 and status = 'PENDING_CONSENT' returning connection_id`,
        [targetOrg, connection],
      );
      found(row, 'connection', connection);
      return { where: 'c.target_org = $1 and c.connection_id = $2', params: [targetOrg, connection] };
    });
  }

  /** Moves a connection to a status; answers its new epoch. Only a suspended one can be resumed, and one that was disconnected stays so. */
  async updateConnection(
    org: string,
    connection: string,
    status: 'ACTIVE' | 'SUSPENDED' | 'DISCONNECTED',
    reason: string | null = null,
  ): Promise<number> {
    return this.change(org, 'connection', async (tx) => {
      const [row] = await tx.query<{ readonly epoch: bigint }>(
        `update registry.connection set status = $3, reason = $4, epoch = epoch + 1, version = version + 1, updated_at = clock_timestamp()
         where org_id = $1 and connection_id = $2 and status <> 'DISCONNECTED' and ($3 <> 'ACTIVE' or status = 'SUSPENDED') and ($3 <> 'SUSPENDED' or status in ('ACTIVE', 'SUSPENDED')) returning epoch`,
        [org, connection, status, reason],
      );
      return {
        where: 'c.org_id = $1 and c.connection_id = $2',
        params: [org, connection],
        epoch: found(row, 'connection', connection).epoch,
      };
    });
  }

  async offerShare(share: {
    readonly id: string;
    readonly org: string;
    readonly agent: string;
    readonly grantee: string;
    readonly taskTypes: readonly string[] | null;
    readonly expiresAt: string | null;
  }): Promise<void> {
    await this.database.tenant(share.org, (tx) =>
      tx
        .query(
          `insert into registry.agent_share (org_id, share_id, agent_id, grantee_org, status, task_types, expires_at) values ($1, $2, $3, $4, 'OFFERED', $5, $6)`,
          [share.org, share.id, share.agent, share.grantee, JSON.stringify(share.taskTypes), share.expiresAt],
        )
        .catch(missing('agent', share.agent)),
    );
  }

  /** Shares that an organisation gave or was given, newest first. */
  async shares(org: string): Promise<readonly Share[]> {
    const rows = await this.database.system((tx) =>
      tx.last<ShareRow>(
        `select s.share_id, s.org_id, s.agent_id, s.grantee_org, s.expires_at, case when s.status in ('OFFERED', 'ACTIVE') and s.expires_at <= clock_timestamp() then 'EXPIRED' else s.status end as status,
           array(select c.connection_id::text from registry.connection c where c.target_org = s.org_id and c.share_id = s.share_id and c.status = 'PENDING_CONSENT' order by c.connection_id) as waiting
         from registry.agent_share s where s.org_id = $1 or s.grantee_org = $1 order by s.share_id desc`,
        [org],
      ),
    );
    return rows.map(
      ({ share_id: share, org_id, agent_id: agent, grantee_org: grantee, status, expires_at, waiting }) => ({
        ...{ share, org: org_id, agent, grantee, status, waiting: [...waiting] },
        ...(expires_at === null ? {} : { expiresAt: formatInstant(expires_at.getTime()) }),
      }),
    );
  }

  /** The newest share of an agent for an organisation. */
  async shareFor(
    agent: { readonly org: string; readonly agent: string },
    grantee: string,
  ): Promise<{ readonly share_id: string; readonly status: string } | undefined> {
    const [row] = await this.database.system((tx) =>
      tx.query<{ readonly share_id: string; readonly status: string }>(
        'select share_id, status from registry.agent_share where org_id = $1 and agent_id = $2 and grantee_org = $3 order by share_id desc limit 1',
        [agent.org, agent.agent, grantee],
      ),
    );
    return row;
  }

  /** Accepts an offered share in the name of its grantee. */
  async acceptShare(grantee: string, share: string): Promise<void> {
    await this.database.system(async (tx) => {
      const [row] = await tx.query(
        `update registry.agent_share set status = 'ACTIVE', version = version + 1, updated_at = clock_timestamp() where share_id = $1 and grantee_org = $2 and status = 'OFFERED' returning share_id`,
        [share, grantee],
      );
      found(row, 'share', share);
    });
  }

  /** Ends a share and every connection that stands on it, in one transaction; answers the share's new epoch. */
  async revokeShare(owner: string, share: string): Promise<number> {
    return this.database.system(async (tx) => {
      const [row] = await tx.query<{ readonly epoch: bigint }>(
        `update registry.agent_share set status = 'REVOKED', epoch = epoch + 1, version = version + 1, updated_at = clock_timestamp() where org_id = $1 and share_id = $2 returning epoch`,
        [owner, share],
      );
      const { epoch } = found(row, 'share', share);
      await tx.query(
        `update registry.connection set status = 'DISCONNECTED', reason = 'SHARE_REVOKED', epoch = epoch + 1, version = version + 1, updated_at = clock_timestamp() where target_org = $1 and share_id = $2 and status <> 'DISCONNECTED'`,
        [owner, share],
      );
      await this.publish(tx, 'connection', 'c.target_org = $1 and c.share_id = $2', [owner, share]);
      return Number(epoch);
    });
  }
}
