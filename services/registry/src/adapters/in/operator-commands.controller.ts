import { Controller } from '@nestjs/common';
import { Clock, fromBase64Url, Random, uuidV7 } from '@countersign/primitives';
import { COMMANDS, type AnswerOf, type ParsedRequestOf } from '@countersign/contracts';
import { CommandRefused, OnCommand } from '@countersign/bus';
import { keyIdOf, publicKeyProblem, TrustBundle } from '@countersign/identity';
import { LiveConnections } from '../../application/block.js';
import { RegistryPublication } from '../../application/publication.js';
import { OperatorStore } from '../out/operator.store.js';

const { registry } = COMMANDS;

/** Commands on people and their keys. Only the operator of the installation sends them, but for those that read. */
@Controller()
export class OperatorCommands {
  constructor(
    private readonly store: OperatorStore,
    private readonly publication: RegistryPublication,
    private readonly connections: LiveConnections,
    private readonly bundle: TrustBundle,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  @OnCommand(registry.operatorCreate)
  async create({
    publicKey,
    roles,
    ...rest
  }: ParsedRequestOf<typeof registry.operatorCreate>): Promise<AnswerOf<typeof registry.operatorCreate>> {
    const problem = publicKeyProblem(publicKey);
    if (problem !== undefined) throw new CommandRefused('REQUEST_INVALID', `the key ${problem}`, 'publicKey');
    // the key of a program is no person's: its commands would count as the program's
    if (this.bundle.body.keys.some((key) => key.publicKey === publicKey))
      throw new CommandRefused('CREDENTIAL_KEY_IN_USE', 'this is the key of a service; make a new one', 'publicKey');
    const kid = keyIdOf('operator', fromBase64Url(publicKey));
    const operator = uuidV7(this.clock.now(), this.random);
    await this.store.create({ ...rest, operator, kid, publicKey, roles: [...new Set(roles)] });
    await this.publication.now().catch(() => undefined);
    return { operator, kid };
  }

  @OnCommand(registry.operatorList)
  async list({ org }: ParsedRequestOf<typeof registry.operatorList>): Promise<AnswerOf<typeof registry.operatorList>> {
    return { operators: [...(await this.store.list(org))] };
  }

  @OnCommand(registry.operatorRoles)
  async roles({
    org,
    operator,
    roles,
  }: ParsedRequestOf<typeof registry.operatorRoles>): Promise<Record<string, never>> {
    await this.store.setRoles(org, operator, [...new Set(roles)]);
    await this.publication.now().catch(() => undefined);
    return {};
  }

  @OnCommand(registry.operatorDisable)
  async disable({
    org,
    operator,
    forCause,
  }: ParsedRequestOf<typeof registry.operatorDisable>): Promise<Record<string, never>> {
    await this.store.disable(org, operator, forCause);
    await this.publication.now().catch(() => undefined);
    await this.connections.cut(operator, 'PEOPLE');
    return {};
  }

  @OnCommand(registry.bundleShow)
  bundleShow(): Promise<AnswerOf<typeof registry.bundleShow>> {
    return Promise.resolve({ trustBundle: this.bundle.file });
  }
}
