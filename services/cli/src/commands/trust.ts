import type { Command } from 'commander';
import { SystemClock, formatInstant } from '@countersign/primitives';
import { COMMANDS, POSTURE_FACT_NAMES, type AgentRef } from '@countersign/contracts';
import { run, type Options, type Tools } from '../run.js';
import { UsageError } from '../session.js';
import { parseJson } from './typed-json.js';
import { hundredths, trustLines } from './trust-lines.js';
import { tableLines } from '../output.js';
import { ORG } from './org-option.js';

const { trust } = COMMANDS;

interface OfOrg extends Options {
  readonly org?: string;
}
interface PostureOptions extends OfOrg {
  readonly source?: string;
  readonly observed?: string;
  readonly expires?: string;
}
interface CeilingOptions extends OfOrg {
  readonly reason: string;
  readonly days?: string;
}

/** `trust show`, `trust posture`, `trust ceiling`, `trust probation`, `trust void`. */
export function trustCommands(program: Command): void {
  const group = program.command('trust').description('what agents have shown so far');
  group
    .command('show <agent>')
    .description('score, level, what made them, what would help, gates and history')
    .option(...ORG)
    .action((name: string, options: OfOrg) => run(options, (tools) => show(tools, name, options)));
  postureCommand(group);
  restrictionCommands(group);
  group
    .command('void <observation>')
    .description('take a false observation out of the score; the row stays')
    .requiredOption('--reason <text>', 'why it was false')
    .option(...ORG)
    .action((observation: string, options: OfOrg & { reason: string }) =>
      run(options, async ({ session, output }) => {
        const { org } = await session.org(options.org);
        const { reason } = options;
        const voided = await session.commands.call(trust.observationVoid, { org, observation, reason });
        output.show(voided, () => [`${voided.kind} of agent ${voided.agent} counts no more`]);
      }),
    );
}

function postureCommand(group: Command): void {
  group
    .command('posture <agent> [fact] [value]')
    .description(
      `what was stated of an agent, or state a fact (${POSTURE_FACT_NAMES.join(', ')}) with its value as JSON`,
    )
    .option('--source <source>', 'who or what saw it', 'operator')
    .option('--observed <instant>', 'when it was seen; now when absent')
    .option('--expires <instant>', 'from when on it gives nothing')
    .option(...ORG)
    .action((name: string, fact: string | undefined, value: string | undefined, options: PostureOptions) =>
      run(options, (tools) => posture(tools, { name, fact, value, options })),
    );
}

function restrictionCommands(group: Command): void {
  group
    .command('ceiling <agent> <score>')
    .description('hold an agent under a score, such as 49.99; `none` lifts it')
    .requiredOption('--reason <text>', 'why')
    .option('--days <days>', 'how long it holds; asked for unless the score is none')
    .option(...ORG)
    .action((name: string, score: string, options: CeilingOptions) =>
      run(options, async (tools) => {
        const request = { score: scoreOf(score), reason: options.reason, ...ends(score, options) };
        const set = await tools.session.commands.call(trust.ceiling, {
          ...(await refOf(tools, name, options)),
          ...request,
        });
        tools.output.show(set, () => [
          set.score === null ? 'no ceiling holds' : `at most ${hundredths(set.score)} until ${set.expiresAt ?? ''}`,
        ]);
      }),
    );
  group
    .command('probation <agent> <days>')
    .description('hold an agent under 49.99 for some days after an incident; `none` ends it')
    .requiredOption('--reason <text>', 'why')
    .option(...ORG)
    .action((name: string, days: string, options: OfOrg & { reason: string }) =>
      run(options, async (tools) => {
        const until = days === 'none' ? null : inDays(days);
        const request = { ...(await refOf(tools, name, options)), until, reason: options.reason };
        const set = await tools.session.commands.call(trust.probationSet, request);
        tools.output.show(set, () => [set.until === null ? 'not on probation' : `on probation until ${set.until}`]);
      }),
    );
}

async function refOf({ session }: Tools, name: string, { org: orgName }: OfOrg): Promise<AgentRef> {
  const { org } = await session.org(orgName);
  return { org, agent: (await session.agent(org, name)).agent };
}

async function show(tools: Tools, name: string, options: OfOrg): Promise<void> {
  const found = await tools.session.commands.call(trust.show, await refOf(tools, name, options));
  tools.output.show(found, () => trustLines(found));
}

async function posture(
  tools: Tools,
  {
    name,
    fact,
    value,
    options,
  }: {
    readonly name: string;
    readonly fact: string | undefined;
    readonly value: string | undefined;
    readonly options: PostureOptions;
  },
): Promise<void> {
  const { session, output } = tools;
  const ref = await refOf(tools, name, options);
  if (fact !== undefined) {
    const known = POSTURE_FACT_NAMES.find((candidate) => candidate === fact);
    if (known === undefined)
      throw new UsageError(`${fact} is no fact; right would be ${POSTURE_FACT_NAMES.join(', ')}`);
    if (value === undefined) throw new UsageError(`give the value of ${fact} as JSON`);
    const { source = 'operator', observed, expires } = options;
    await session.commands.call(trust.posturePut, {
      ...ref,
      fact: known,
      value: Object.fromEntries(Object.entries(parseJson(value, '<value>'))),
      source,
      ...(observed === undefined ? {} : { observedAt: observed }),
      ...(expires === undefined ? {} : { expiresAt: expires }),
    });
  }
  const stated = await session.commands.call(trust.postureShow, ref);
  output.show(stated, () =>
    tableLines(
      ['FACT', 'VALUE', 'SOURCE', 'OBSERVED', 'EXPIRES', 'BY'],
      stated.posture.map((p) => [
        p.fact,
        JSON.stringify(p.value),
        p.source,
        p.observedAt,
        p.expiresAt ?? 'never',
        p.by,
      ]),
    ),
  );
}

function scoreOf(text: string): number | null {
  if (text === 'none') return null;
  if (!/^(100(\.0{1,2})?|\d{1,2}(\.\d{1,2})?)$/.test(text))
    throw new UsageError(
      `${text} is no score; right would be 0 to 100 with at most two digits after the point, or none`,
    );
  return Math.round(Number(text) * 100);
}

function ends(score: string, { days }: CeilingOptions): { readonly expiresAt?: string } {
  if (score !== 'none' && days === undefined)
    throw new UsageError('--days must say how long the ceiling holds, such as 7');
  return days === undefined ? {} : { expiresAt: inDays(days) };
}

function inDays(text: string): string {
  const days = Number(text);
  if (!/^\d{1,4}(\.\d+)?$/.test(text) || days <= 0)
    throw new UsageError(`${text} is no number of days; right would be 7`);
  return formatInstant(new SystemClock().now() + days * 86_400_000);
}
