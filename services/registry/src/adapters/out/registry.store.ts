import { Injectable } from '@nestjs/common';
import type { RegistryRecord } from '@countersign/contracts';
import { CommandRefused } from '@countersign/bus';
import { Database, Outbox, type Tx } from '@countersign/store';
import { keyOf, RECORD_QUERIES, recordOf, type RecordKind, type RecordRow } from './records.js';
import { whyAgentStops, whyOrganizationStops, type Standstill } from '../../domain/standstill.js';
import { found, isCode, refuseMissing, taken } from './refusals.js';
import type { AgentState, NewAgent, NewConnection, OrganizationState, StoredCredential } from './registry-rows.js';

/** Rows of the registry. Every change leaves its record in the outbox in the same transaction. */
@Injectable()
export class RegistryStore {
  constructor(private readonly database: Database) {}

  async createOrganization(org: string, name: string, currency: string, zone: string): Promise<void> {
    await this.#change(org, 'org', async (tx) => {
      await tx
        .query('insert into registry.organization (org_id, name, status, currency, zone) values ($1, $2, $3, $4, $5)', [
          org,
          name,
          'ACTIVE',
          currency,
          zone,
        ])
        .catch(taken('name', name));
      return { where: 'o.org_id = $1', params: [org] };
    });
  }

  /** Changes an organisation; answers its new epoch and why it stands still, if it does. */
  async updateOrganization(
    org: string,
    set: { readonly status?: string; readonly killSwitch?: boolean },
  ): Promise<Standstill> {
    return this.database.tenant(org, async (tx) => {
      const [row] = await tx.query<OrganizationState>(
        `update registry.organization set status = coalesce($2, status), kill_switch = coalesce($3, kill_switch), epoch = epoch + 1, version = version + 1, updated_at = clock_timestamp() where org_id = $1 returning epoch, status, kill_switch`,
        [org, set.status ?? null, set.killSwitch ?? null],
      );
      const { epoch, status, kill_switch: killSwitch } = found(row, 'org', org);
      await this.#publish(tx, 'org', 'o.org_id = $1', [org]);
      return { epoch: Number(epoch), stopped: whyOrganizationStops(status, killSwitch) };
    });
  }

  /** Turns the installation's kill switch; answers its new epoch. */
  async updateInstallation(killSwitch: boolean): Promise<number> {
    return this.database.system(async (tx) => {
      const [row] = await tx.query<{ readonly epoch: bigint }>(
        'update registry.installation set kill_switch = $1, epoch = epoch + 1, version = version + 1, updated_at = clock_timestamp() returning epoch',
        [killSwitch],
      );
      await this.#publish(tx, 'install', 'true', []);
      return Number(row?.epoch ?? 0n);
    });
  }

  async createAgent(agent: NewAgent): Promise<void> {
    await this.#change(agent.org, 'agent', async (tx) => {
      const params = [
        agent.org,
        agent.agent,
        agent.name,
        agent.mayOriginate,
        JSON.stringify(agent.surface),
        agent.owner,
        agent.registeredBy,
      ];
      await tx
        .query(
          `insert into registry.agent (org_id, agent_id, name, status, may_originate, surface, owner, registered_by, registration) values ($1, $2, $3, 'ACTIVE', $4, $5, $6, $7, 'OPERATOR')`,
          params,
        )
        .catch((error: unknown) =>
          isCode(error, '23503') ? refuseMissing('org', agent.org) : taken('name', agent.name)(error),
        );
      return { where: 'a.org_id = $1 and a.agent_id = $2', params: [agent.org, agent.agent] };
    });
  }

  /** Changes an agent; answers its new epoch and why it stands still, if it does. */
  async updateAgent(
    org: string,
    agent: string,
    set: { readonly status?: string; readonly communication?: boolean },
  ): Promise<Standstill> {
    return this.database.tenant(org, async (tx) => {
      const [row] = await tx.query<AgentState>(
        `update registry.agent set status = coalesce($3, status), communication = coalesce($4, communication), epoch = epoch + 1, version = version + 1, updated_at = clock_timestamp() where org_id = $1 and agent_id = $2 returning epoch, status, communication`,
        [org, agent, set.status ?? null, set.communication ?? null],
      );
      const { epoch, status, communication } = found(row, 'agent', agent);
      if (set.status === 'REVOKED')
        await tx.query(`update registry.credential set state = 'REVOKED' where org_id = $1 and agent_id = $2`, [
          org,
          agent,
        ]);
      await this.#publish(tx, 'agent', 'a.org_id = $1 and a.agent_id = $2', [org, agent]);
      return { epoch: Number(epoch), stopped: whyAgentStops(status, communication) };
    });
  }

  /** Stores a credential's hash; it lives 90 days. */
  async addCredential(
    org: string,
    agent: string,
    credential: { readonly clientId: string; readonly hash: Buffer },
  ): Promise<void> {
    await this.#change(org, 'agent', async (tx) => {
      const [row] = await tx.query<{ readonly live: bigint }>(
        `select count(*) as live from registry.credential where org_id = $1 and agent_id = $2 and state = 'ACTIVE' and expires_at > clock_timestamp()`,
        [org, agent],
      );
      if ((row?.live ?? 0n) >= 2n)
        throw new CommandRefused('ALREADY_EXISTS', 'the agent has two live credentials; revoke one first', 'agent');
      await tx
        .query(
          `insert into registry.credential (org_id, agent_id, client_id, secret_hash, state, expires_at) values ($1, $2, $3, $4, 'ACTIVE', clock_timestamp() + interval '90 days')`,
          [org, agent, credential.clientId, credential.hash],
        )
        .catch((error: unknown) =>
          isCode(error, '23503')
            ? refuseMissing('agent', agent)
            : Promise.reject(error instanceof Error ? error : new Error('not stored')),
        );
      await tx.query(
        'update registry.agent set version = version + 1, updated_at = clock_timestamp() where org_id = $1 and agent_id = $2',
        [org, agent],
      );
      return { where: 'a.org_id = $1 and a.agent_id = $2', params: [org, agent] };
    });
  }

  async revokeCredential(org: string, agent: string, clientId: string): Promise<void> {
    await this.#change(org, 'agent', async (tx) => {
      const [row] = await tx.query(
        `update registry.credential set state = 'REVOKED' where org_id = $1 and agent_id = $2 and client_id = $3 returning client_id`,
        [org, agent, clientId],
      );
      found(row, 'clientId', clientId);
      await tx.query(
        'update registry.agent set version = version + 1, updated_at = clock_timestamp() where org_id = $1 and agent_id = $2',
        [org, agent],
      );
      return { where: 'a.org_id = $1 and a.agent_id = $2', params: [org, agent] };
    });
  }

  /** A credential by its client id, whosever it is: the callout does not know the organisation yet. */
  async credential(clientId: string): Promise<StoredCredential | undefined> {
    const [row] = await this.database.system((tx) =>
      tx.query<StoredCredential>(
        `select c.org_id, c.agent_id, c.secret_hash, c.state, c.expires_at <= clock_timestamp() as expired, a.status as agent_status, a.communication, o.status as org_status
         from registry.credential c join registry.agent a using (org_id, agent_id) join registry.organization o using (org_id) where c.client_id = $1`,
        [clientId],
      ),
    );
    return row;
  }

  async createConnection(connection: NewConnection): Promise<void> {
    await this.#change(connection.client.org, 'connection', async (tx) => {
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
        .catch((error: unknown) =>
          isCode(error, '23503')
            ? refuseMissing('client.agent', client.agent)
            : taken('target', `a connection to ${target.agent}`)(error),
        );
      return { where: 'c.org_id = $1 and c.connection_id = $2', params: [client.org, connection.connection] };
    });
  }

  /** The target's organisation consents to a connection. */
  async confirmConnection(targetOrg: string, connection: string): Promise<void> {
    await this.#change(targetOrg, 'connection', async (tx) => {
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
    return this.#change(org, 'connection', async (tx) => {
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
        .catch((error: unknown) =>
          isCode(error, '23503')
            ? refuseMissing('agent', share.agent)
            : Promise.reject(error instanceof Error ? error : new Error('not stored')),
        ),
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
      await this.#publish(tx, 'connection', 'c.target_org = $1 and c.share_id = $2', [owner, share]);
      return Number(epoch);
    });
  }

  /** Current records that a condition selects. */
  async records(kind: RecordKind, where: string, params: readonly unknown[]): Promise<readonly RegistryRecord[]> {
    const rows = await this.database.system((tx) =>
      tx.query<RecordRow>(`${RECORD_QUERIES[kind]} where ${where}`, params),
    );
    return rows.map((row) => recordOf(kind, row));
  }

  async #change(
    org: string,
    kind: RecordKind,
    run: (tx: Tx) => Promise<{ readonly where: string; readonly params: readonly unknown[]; readonly epoch?: bigint }>,
  ): Promise<number> {
    const change = async (tx: Tx): Promise<number> => {
      const { where, params, epoch } = await run(tx);
      await this.#publish(tx, kind, where, params);
      return Number(epoch ?? 0n);
    };
    // a connection stands between two organisations, and its record shows the share, which is the other one's
    return kind === 'connection' ? this.database.system(change) : this.database.tenant(org, change);
  }

  async #publish(tx: Tx, kind: RecordKind, where: string, params: readonly unknown[]): Promise<void> {
    const rows = await tx.query<RecordRow>(`${RECORD_QUERIES[kind]} where ${where}`, params);
    for (const row of rows) {
      const record = recordOf(kind, row);
      await Outbox.write(tx, 'registry', { key: keyOf(record), version: record.version, body: record });
    }
  }
}
