import { Injectable } from '@nestjs/common';
import { CommandRefused } from '@countersign/bus';
import { Database } from '@countersign/store';
import { RecordStore } from './record.store.js';
import { whyAgentStops, whyOrganizationStops, type Standstill } from '../../domain/standstill.js';
import { found, missing, taken } from './refusals.js';
import type { AgentState, NewAgent, OrganizationState, StoredCredential } from './registry-rows.js';

/** Organisations, agents and their credentials. */
@Injectable()
export class RegistryStore extends RecordStore {
  constructor(database: Database) {
    super(database);
  }

  async createOrganization(org: string, name: string, currency: string, zone: string): Promise<void> {
    await this.change(org, 'org', async (tx) => {
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
      await this.publish(tx, 'org', 'o.org_id = $1', [org]);
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
      await this.publish(tx, 'install', 'true', []);
      return Number(row?.epoch ?? 0n);
    });
  }

  async createAgent(agent: NewAgent): Promise<void> {
    await this.change(agent.org, 'agent', async (tx) => {
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
        .catch(missing('org', agent.org))
        .catch(taken('name', agent.name));
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
      await this.publish(tx, 'agent', 'a.org_id = $1 and a.agent_id = $2', [org, agent]);
      return { epoch: Number(epoch), stopped: whyAgentStops(status, communication) };
    });
  }

  /** Stores a credential's hash; it lives 90 days. */
  async addCredential(
    org: string,
    agent: string,
    credential: { readonly clientId: string; readonly hash: Buffer },
  ): Promise<void> {
    await this.change(org, 'agent', async (tx) => {
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
        .catch(missing('agent', agent));
      await tx.query(
        'update registry.agent set version = version + 1, updated_at = clock_timestamp() where org_id = $1 and agent_id = $2',
        [org, agent],
      );
      return { where: 'a.org_id = $1 and a.agent_id = $2', params: [org, agent] };
    });
  }

  async revokeCredential(org: string, agent: string, clientId: string): Promise<void> {
    await this.change(org, 'agent', async (tx) => {
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
}
