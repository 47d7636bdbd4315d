import { Controller } from '@nestjs/common';
import { Clock, Random, uuidV7 } from '@countersign/primitives';
import { COMMANDS, type AgentRecord, type AnswerOf, type ParsedRequestOf, type Surface } from '@countersign/contracts';
import { CommandRefused, OnCommand, type CommandContext } from '@countersign/bus';
import { hashSecret, newClientCredential, TrustBundle } from '@countersign/identity';
import { ServiceConfig } from '@countersign/service-host';
import { LiveConnections, type Revocation } from '../../application/block.js';
import { Revocations } from '../../application/revocations.js';
import { RegistryPublication } from '../../application/publication.js';
import { agentInboxPrefix } from '../../domain/agent-permissions.js';
import { ownerOf } from '../../domain/agent-owner.js';
import { unsupportedSurfaceFields } from '../../domain/supported-surface.js';
import type { RegistryConfig } from '../../registry.config.js';
import { RegistryStore } from '../out/registry.store.js';

const { registry } = COMMANDS;
type Credential = AnswerOf<typeof registry.credentialIssue>['credential'];

/** Commands on agents and their credentials. */
@Controller()
export class AgentCommands {
  constructor(
    private readonly store: RegistryStore,
    private readonly revocations: Revocations,
    private readonly connections: LiveConnections,
    private readonly publication: RegistryPublication,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly bundle: TrustBundle,
    private readonly config: ServiceConfig,
  ) {}

  @OnCommand(registry.agentCreate)
  async create(
    request: ParsedRequestOf<typeof registry.agentCreate>,
    { actor, person }: CommandContext,
  ): Promise<AnswerOf<typeof registry.agentCreate>> {
    refuseUnsupported(request.surface);
    const owner = ownerOf(request.owner, person?.operator);
    if (owner === undefined)
      throw new CommandRefused(
        'PERMISSION_DENIED',
        'what a person registers is their own; leave the owner out',
        'owner',
      );
    const agent = uuidV7(this.clock.now(), this.random);
    await this.store.createAgent({ ...request, owner, agent, registeredBy: `${actor.kind}:${actor.id}` });
    return { agent, credential: await this.#issue(request.org, agent, request.name) };
  }

  @OnCommand(registry.agentList)
  async list({ org }: ParsedRequestOf<typeof registry.agentList>): Promise<AnswerOf<typeof registry.agentList>> {
    return { agents: (await this.store.records('agent', 'a.org_id = $1 order by a.name', [org])) as AgentRecord[] };
  }

  @OnCommand(registry.credentialIssue)
  async issue({
    org,
    agent,
  }: ParsedRequestOf<typeof registry.credentialIssue>): Promise<AnswerOf<typeof registry.credentialIssue>> {
    const [record] = (await this.store.records('agent', 'a.org_id = $1 and a.agent_id = $2', [
      org,
      agent,
    ])) as AgentRecord[];
    if (record === undefined) throw new CommandRefused('NOT_FOUND', `there is no agent ${agent}`, 'agent');
    return { credential: await this.#issue(org, agent, record.name) };
  }

  @OnCommand(registry.credentialRevoke)
  async revokeCredential({
    org,
    agent,
    clientId,
  }: ParsedRequestOf<typeof registry.credentialRevoke>): Promise<Record<string, never>> {
    await this.store.revokeCredential(org, agent, clientId);
    await this.revocations.effect([], [agent]);
    return {};
  }

  @OnCommand(registry.agentRevoke)
  async revoke({ org, agent }: ParsedRequestOf<typeof registry.agentRevoke>): Promise<Revocation> {
    const { epoch } = await this.store.updateAgent(org, agent, { status: 'REVOKED' });
    return this.revocations.effect(
      [{ org, kind: 'AGENT', id: agent, active: true, epoch, code: 'AGENT_REVOKED' }],
      [agent],
    );
  }

  @OnCommand(registry.agentCut)
  async cut({ org, agent }: ParsedRequestOf<typeof registry.agentCut>): Promise<Record<string, never>> {
    const [known] = await this.store.records('agent', 'a.org_id = $1 and a.agent_id = $2', [org, agent]);
    if (known === undefined) throw new CommandRefused('NOT_FOUND', `there is no agent ${agent}`, 'agent');
    await this.connections.cut(agent);
    return {};
  }

  @OnCommand(registry.agentCommunication)
  async communication({
    org,
    agent,
    enabled,
  }: ParsedRequestOf<typeof registry.agentCommunication>): Promise<Revocation> {
    const { epoch, stopped } = await this.store.updateAgent(org, agent, { communication: enabled });
    const code = stopped ?? 'CLIENT_AGENT_NOT_ACTIVE';
    return this.revocations.effect(
      [{ org, kind: 'AGENT', id: agent, active: stopped !== undefined, epoch, code }],
      stopped === undefined ? [] : [agent],
    );
  }

  async #issue(org: string, agent: string, name: string): Promise<Credential> {
    const { COUNTERSIGN_SECRET_PEPPER_FILE: pepper } = this.config.values as RegistryConfig;
    const { clientId, secret } = newClientCredential(this.random);
    await this.store.addCredential(org, agent, { clientId, hash: hashSecret(pepper, secret) });
    await this.publication.now().catch(() => undefined);
    const installationKey = String(this.config.values['COUNTERSIGN_INSTALLATION_KEY']);
    return {
      org,
      agent,
      name,
      clientId,
      clientSecret: secret,
      inboxPrefix: agentInboxPrefix(agent),
      installationKey,
      trustBundle: this.bundle.file,
    };
  }
}

function refuseUnsupported(surface: Surface): void {
  const [field] = unsupportedSurfaceFields(surface);
  if (field !== undefined)
    throw new CommandRefused(
      'REQUEST_INVALID',
      `surface.${field} is not enforced yet; leave it neutral`,
      `surface.${field}`,
    );
}
