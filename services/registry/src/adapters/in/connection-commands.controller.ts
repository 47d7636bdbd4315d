import { Controller } from '@nestjs/common';
import { Clock, Random, uuidV7 } from '@countersign/primitives';
import {
  COMMANDS,
  type AgentRef,
  type AnswerOf,
  type ConnectionRecord,
  type ParsedRequestOf,
} from '@countersign/contracts';
import { CommandRefused, OnCommand } from '@countersign/bus';
import type { Revocation } from '../../application/block.js';
import { Revocations } from '../../application/revocations.js';
import { RegistryPublication } from '../../application/publication.js';
import { ConnectionStore } from '../out/connection.store.js';

const { registry } = COMMANDS;
type ConnectionRef = { readonly org: string; readonly connection: string };

/** Commands on connections and shares. */
@Controller()
export class ConnectionCommands {
  constructor(
    private readonly store: ConnectionStore,
    private readonly revocations: Revocations,
    private readonly publication: RegistryPublication,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  @OnCommand(registry.connectionCreate)
  async create({
    client,
    target,
    sandbox,
    expiresAt,
    requiredApprovals,
  }: ParsedRequestOf<typeof registry.connectionCreate>): Promise<AnswerOf<typeof registry.connectionCreate>> {
    if (client.agent === target.agent)
      throw new CommandRefused('REQUEST_INVALID', 'an agent cannot be connected to itself', 'target');
    const share = await this.#consent(client, target);
    const connection = uuidV7(this.clock.now(), this.random);
    const status = share === null ? 'ACTIVE' : 'PENDING_CONSENT';
    await this.store.createConnection({
      connection,
      client,
      target,
      share,
      sandbox,
      expiresAt: expiresAt ?? null,
      requiredApprovals,
      status,
    });
    await this.publication.now().catch(() => undefined);
    return { connection };
  }

  @OnCommand(registry.connectionList)
  async list({
    org,
  }: ParsedRequestOf<typeof registry.connectionList>): Promise<AnswerOf<typeof registry.connectionList>> {
    return {
      connections: (await this.store.records('connection', 'c.org_id = $1 order by c.connection_id', [
        org,
      ])) as ConnectionRecord[],
    };
  }

  @OnCommand(registry.connectionConfirm)
  async confirm({
    org,
    connection,
  }: ParsedRequestOf<typeof registry.connectionConfirm>): Promise<Record<string, never>> {
    await this.store.confirmConnection(org, connection);
    await this.publication.now().catch(() => undefined);
    return {};
  }

  @OnCommand(registry.connectionSuspend)
  async suspend(ref: ParsedRequestOf<typeof registry.connectionSuspend>): Promise<Revocation> {
    return this.#stop(ref, 'SUSPENDED', 'CONNECTION_SUSPENDED');
  }

  @OnCommand(registry.connectionDisconnect)
  async disconnect(ref: ParsedRequestOf<typeof registry.connectionDisconnect>): Promise<Revocation> {
    return this.#stop(ref, 'DISCONNECTED', 'CONNECTION_DISCONNECTED');
  }

  @OnCommand(registry.connectionResume)
  async resume({ org, connection }: ParsedRequestOf<typeof registry.connectionResume>): Promise<Record<string, never>> {
    const epoch = await this.store.updateConnection(org, connection, 'ACTIVE');
    await this.revocations.lift([
      { org, kind: 'CONNECTION', id: connection, active: false, epoch, code: 'CONNECTION_SUSPENDED' },
    ]);
    return {};
  }

  @OnCommand(registry.shareOffer)
  async offer({
    org,
    agent,
    grantee,
    taskTypes,
    expiresAt,
  }: ParsedRequestOf<typeof registry.shareOffer>): Promise<AnswerOf<typeof registry.shareOffer>> {
    if (taskTypes !== null)
      throw new CommandRefused(
        'REQUEST_INVALID',
        'task types of a share are not enforced yet; leave them null',
        'taskTypes',
      );
    if (grantee === org)
      throw new CommandRefused('REQUEST_INVALID', 'agents of one organisation need no share', 'grantee');
    const share = uuidV7(this.clock.now(), this.random);
    await this.store.offerShare({ id: share, org, agent, grantee, taskTypes, expiresAt: expiresAt ?? null });
    return { share };
  }

  @OnCommand(registry.shareList)
  async shares({ org }: ParsedRequestOf<typeof registry.shareList>): Promise<AnswerOf<typeof registry.shareList>> {
    return { shares: [...(await this.store.shares(org))] };
  }

  @OnCommand(registry.shareAccept)
  async accept({ org, share }: ParsedRequestOf<typeof registry.shareAccept>): Promise<Record<string, never>> {
    await this.store.acceptShare(org, share);
    return {};
  }

  @OnCommand(registry.shareRevoke)
  async revokeShare({ org, share }: ParsedRequestOf<typeof registry.shareRevoke>): Promise<Revocation> {
    const epoch = await this.store.revokeShare(org, share);
    return this.revocations.effect([{ org, kind: 'SHARE', id: share, active: true, epoch, code: 'SHARE_REVOKED' }]);
  }

  async #stop(
    { org, connection }: ConnectionRef,
    status: 'SUSPENDED' | 'DISCONNECTED',
    code: 'CONNECTION_SUSPENDED' | 'CONNECTION_DISCONNECTED',
  ): Promise<Revocation> {
    const epoch = await this.store.updateConnection(org, connection, status, code);
    return this.revocations.effect([{ org, kind: 'CONNECTION', id: connection, active: true, epoch, code }]);
  }

  /** The share that a connection across organisations stands on. A stranger's agent looks like one that does not exist. */
  async #consent(client: AgentRef, target: AgentRef): Promise<string | null> {
    if (client.org === target.org) {
      const [found] = await this.store.records('agent', 'a.org_id = $1 and a.agent_id = $2', [
        target.org,
        target.agent,
      ]);
      if (found === undefined)
        throw new CommandRefused('AGENT_NOT_FOUND', `there is no agent ${target.agent}`, 'target.agent');
      return null;
    }
    const share = await this.store.shareFor(target, client.org);
    if (share === undefined || share.status === 'OFFERED')
      throw new CommandRefused('AGENT_NOT_FOUND', `there is no agent ${target.agent}`, 'target.agent');
    if (share.status !== 'ACTIVE')
      throw new CommandRefused('CROSS_ORG_NOT_SHARED', 'the agent is not shared any more', 'target.agent');
    return share.share_id;
  }
}
