import { Controller } from '@nestjs/common';
import { Clock, Random, uuidV7 } from '@countersign/primitives';
import { COMMANDS, type AnswerOf, type OrgRecord, type ParsedRequestOf } from '@countersign/contracts';
import { CommandRefused, OnCommand } from '@countersign/bus';
import { Revocations } from '../../application/revocations.js';
import type { Revocation } from '../../application/block.js';
import { RegistryPublication } from '../../application/publication.js';
import { RegistryStore } from '../out/registry.store.js';

const { registry } = COMMANDS;

/** Commands on organisations and the installation. */
@Controller()
export class OrganizationCommands {
  constructor(
    private readonly store: RegistryStore,
    private readonly revocations: Revocations,
    private readonly publication: RegistryPublication,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  @OnCommand(registry.orgCreate)
  async create({
    name,
    currency,
    zone,
  }: ParsedRequestOf<typeof registry.orgCreate>): Promise<AnswerOf<typeof registry.orgCreate>> {
    if (!isZone(zone))
      throw new CommandRefused(
        'REQUEST_INVALID',
        `${zone} is no IANA time zone (right would be Europe/Berlin)`,
        'zone',
      );
    const org = uuidV7(this.clock.now(), this.random);
    await this.store.createOrganization(org, name, currency, zone);
    await this.publication.now().catch(() => undefined);
    return { org };
  }

  @OnCommand(registry.orgList)
  async list(): Promise<AnswerOf<typeof registry.orgList>> {
    return { organizations: (await this.store.records('org', 'true order by o.name', [])) as OrgRecord[] };
  }

  @OnCommand(registry.orgStatus)
  async status({ org, status }: ParsedRequestOf<typeof registry.orgStatus>): Promise<Record<string, never>> {
    await this.#change(org, { status });
    return {};
  }

  @OnCommand(registry.orgKillSwitch)
  async killSwitch({ org, active }: ParsedRequestOf<typeof registry.orgKillSwitch>): Promise<Revocation> {
    return this.#change(org, { killSwitch: active });
  }

  @OnCommand(registry.installKillSwitch)
  async installation({ active }: ParsedRequestOf<typeof registry.installKillSwitch>): Promise<Revocation> {
    const epoch = await this.store.updateInstallation(active);
    return this.revocations.effect([
      { org: null, kind: 'KILL_SWITCH', id: 'installation', active, epoch, code: 'KILL_SWITCH_ACTIVE' },
    ]);
  }

  /** Status and kill switch share one block at the dispatcher: it is lifted when neither asks for it. */
  async #change(org: string, set: { readonly status?: string; readonly killSwitch?: boolean }): Promise<Revocation> {
    const { epoch, stopped } = await this.store.updateOrganization(org, set);
    const code = stopped ?? (set.status === undefined ? 'KILL_SWITCH_ACTIVE' : 'ORG_NOT_ACTIVE');
    return this.revocations.effect([{ org, kind: 'KILL_SWITCH', id: org, active: stopped !== undefined, epoch, code }]);
  }
}

function isZone(zone: string): boolean {
  return zone === 'UTC' || Intl.supportedValuesOf('timeZone').includes(zone);
}
