import type { Command } from 'commander';
import { COMMANDS } from '@countersign/contracts';
import { run } from '../run.js';
import type { Session } from '../session.js';
import { handedOverLines, pendingLines, REVOKING } from './revocation-lines.js';
import { ORG, type OrgOptions } from './org-option.js';

const { registry } = COMMANDS;

interface OfferOptions extends OrgOptions {
  readonly to: string;
  readonly until?: string;
}

/** `share offer|list|accept|revoke`: agents that other organisations may connect to. */
export function shareCommands(program: Command): void {
  const share = program.command('share').description('agents that other organisations may connect to');
  share
    .command('offer <agent>')
    .description('offer an agent to another organisation, which has to accept')
    .option(...ORG)
    .requiredOption('--to <org>', 'the other organisation')
    .option('--until <instant>', 'when the share ends, such as 2027-01-01T00:00:00.000Z')
    .action((name: string, options: OfferOptions) => run(options, (tools) => offer(tools, name, options)));
  share
    .command('list')
    .description('shares that an organisation gave or was given, and what waits for its consent')
    .option(...ORG)
    .action((options: OrgOptions) => run(options, (tools) => list(tools, options)));
  share
    .command('accept <share>')
    .description('accept, as the organisation that it was offered to')
    .option(...ORG)
    .action((id: string, options: OrgOptions) =>
      run(options, async ({ session, output }) => {
        const { org, name } = await session.org(options.org);
        await session.commands.call(registry.shareAccept, { org, share: id });
        output.show({ share: id }, () => [`${name} accepts; its agents may be connected to the shared one`]);
      }),
    );
  share
    .command('revoke <share>')
    .description('end a share and every connection that stands on it')
    .option(...ORG)
    .action((id: string, options: OrgOptions) =>
      run(options, async ({ session, output }) => {
        const { org } = await session.org(options.org);
        const done = await session.commands.call(registry.shareRevoke, { org, share: id }, REVOKING);
        output.show(done, () => ['the share has ended', ...pendingLines(done), ...handedOverLines(done)]);
      }),
    );
}

type Tools = Parameters<Parameters<typeof run>[1]>[0];

async function offer({ session, output }: Tools, name: string, { org: asked, to, until }: OfferOptions): Promise<void> {
  const { org } = await session.org(asked);
  const [{ agent }, grantee] = [await session.agent(org, name), await session.org(to)];
  const made = await session.commands.call(registry.shareOffer, {
    ...{ org, agent, grantee: grantee.org },
    ...(until === undefined ? {} : { expiresAt: until }),
  });
  output.show(made, () => [
    `${name} is offered to ${grantee.name} (${made.share})`,
    `they accept with: cs share accept ${made.share} --org ${grantee.name}`,
  ]);
}

async function list({ session, output }: Tools, { org: asked }: OrgOptions): Promise<void> {
  const { org } = await session.org(asked);
  const { shares } = await session.commands.call(registry.shareList, { org });
  const [own, orgs] = [await session.names(org), await namesOfOrganizations(session)];
  output.table(
    shares,
    ['AGENT', 'OF', 'WITH', 'STATUS', 'UNTIL', 'WAITS FOR CONSENT', 'ID'],
    shares.map((s) => [
      ...[own.get(s.agent) ?? s.agent, orgs.get(s.org) ?? s.org, orgs.get(s.grantee) ?? s.grantee],
      ...[s.status, s.expiresAt ?? '–', s.waiting.join(' ') || '–', s.share],
    ]),
  );
}

/** Names of organisations by id; a person knows their own. */
async function namesOfOrganizations({ person, commands }: Session): Promise<ReadonlyMap<string, string>> {
  if (person !== undefined) return new Map([[person.org, person.orgName]]);
  const { organizations } = await commands.call(registry.orgList, {});
  return new Map(organizations.map(({ org, name }) => [org, name]));
}
