import type { Command } from 'commander';
import { COMMANDS, type AnswerOf, type PolicyScope } from '@countersign/contracts';
import { tableLines } from '../output.js';
import { run, type Options, type Tools } from '../run.js';
import { UsageError } from '../session.js';
import { documentsOf, readObject } from './policy-files.js';
import { parseJson } from './typed-json.js';

const { policy } = COMMANDS;

/** Options that name a scope. */
export interface ScopeOptions extends Options {
  readonly org?: string;
  readonly agent?: string;
  readonly connection?: string;
}

/** The scope that options name. */
export async function scopeOf({ session }: Tools, options: ScopeOptions): Promise<PolicyScope> {
  const { org } = await session.org(options.org);
  if (options.agent !== undefined && options.connection !== undefined)
    throw new UsageError('give --agent or --connection, not both');
  if (options.agent !== undefined)
    return { kind: 'agent', org, agent: (await session.agent(org, options.agent)).agent };
  if (options.connection !== undefined)
    return { kind: 'connection', org, connection: (await session.connection(org, options.connection)).connection };
  return { kind: 'org', org };
}

/** Adds the options that name a scope. */
export const scoped = (command: Command): Command =>
  command
    .option('--org <org>', 'organisation by name; the newest when absent')
    .option('--agent <agent>', "an agent's own policy")
    .option('--connection <connection>', 'a connection, by id or as client->target');

/** `policy set|show|lint|test`. */
export function policyCommands(program: Command): void {
  const group = program.command('policy').description('what organisations, agents and connections allow');
  setCommand(group);
  showCommand(group);
  lintCommand(group);
  testCommand(group);
}

function setCommand(group: Command): void {
  scoped(
    group
      .command('set [fields]')
      .description('change fields of a policy, as JSON or from a file; what is not named stays')
      .option('--file <file>', 'YAML or JSON with the whole document or some of its fields'),
  ).action((fields: string | undefined, options: ScopeOptions & { file?: string }) =>
    run(options, async (tools) => {
      if ((fields === undefined) === (options.file === undefined))
        throw new UsageError('give the fields as JSON such as {"taskTypes":["code_review"]}, or --file, not both');
      const change = options.file === undefined ? parseJson(fields ?? '', '<fields>') : readObject(options.file);
      const set = await tools.session.commands.call(policy.set, { scope: await scopeOf(tools, options), change });
      tools.output.show(set, () => [`version ${set.policyVersion} is in force`]);
    }),
  );
}

interface ShowOptions extends ScopeOptions {
  readonly version?: string;
  readonly effective?: string;
}

function showCommand(group: Command): void {
  scoped(
    group
      .command('show')
      .description('the policy in force, one of its versions, or what all levels of a connection come to')
      .option('--version <n>', 'this version instead of the one in force')
      .option('--effective <connection>', 'the intersection of all levels, by id or as client->target'),
  ).action((options: ShowOptions) =>
    run(options, async (tools) =>
      options.effective === undefined ? showDocument(tools, options) : showEffective(tools, options, options.effective),
    ),
  );
}

async function showDocument(tools: Tools, options: ShowOptions): Promise<void> {
  const scope = await scopeOf(tools, options);
  const version = options.version === undefined ? {} : { version: versionOf(options.version) };
  const { policy: record } = await tools.session.commands.call(policy.show, { scope, ...version });
  if (record === null && options.version !== undefined)
    throw new UsageError(`there is no version ${options.version} here`);
  tools.output.show(record, () =>
    record === null
      ? ['no policy is set here']
      : [
          `version ${record.policyVersion} of ${record.at} by ${record.author}`,
          JSON.stringify(record.document, null, 2),
        ],
  );
}

async function showEffective(tools: Tools, options: ShowOptions, name: string): Promise<void> {
  const { org } = await tools.session.org(options.org);
  const { connection } = await tools.session.connection(org, name);
  const found = await tools.session.commands.call(policy.effectiveShow, { org, connection });
  tools.output.show(found, () => [
    ...tableLines(
      ['FIELD', 'ALLOWED'],
      Object.entries(found.effective).map(([field, value]) => [field, cell(value)]),
    ),
    '',
    ...tableLines(
      ['DOCUMENT', 'VERSION'],
      Object.entries(found.versions).map(([level, version]) => [level, String(version)]),
    ),
  ]);
}

function lintCommand(group: Command): void {
  group
    .command('lint <file>')
    .description('every problem of a policy file and what would be right; ends with 1 where it could not be set')
    .requiredOption('--scope <scope>', 'what it is a policy of: org, agent or connection')
    .option('--org <org>', 'organisation by name; the newest when absent')
    .option('--connection <connection>', 'hold it against the other levels of this connection')
    .action((file: string, options: LintOptions) => run(options, (tools) => lint(tools, file, options)));
}

interface LintOptions extends Options {
  readonly scope: string;
  readonly org?: string;
  readonly connection?: string;
}

async function lint({ session, output }: Tools, file: string, options: LintOptions): Promise<number> {
  const kind = (['org', 'agent', 'connection'] as const).find((known) => known === options.scope);
  if (kind === undefined) throw new UsageError(`--scope ${options.scope} is none of org, agent, connection`);
  const document = readObject(file);
  const within = await withinOf(session, options);
  const found = await session.commands.call(policy.lint, policy.lint.request.parse({ kind, document, ...within }));
  const { errors, warnings } = found;
  output.show(found, () => [
    ...errors.map(({ field, message }) => `error    ${field}: ${message}`),
    ...warnings.map(({ field, message }) => `warning  ${field}: ${message}`),
    `${counted(errors.length, 'error')}, ${counted(warnings.length, 'warning')}`,
  ]);
  return errors.length > 0 ? 1 : 0;
}

const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

async function withinOf(session: Tools['session'], options: LintOptions): Promise<object> {
  if (options.connection === undefined) return {};
  const { org } = await session.org(options.org);
  const { connection } = await session.connection(org, options.connection);
  return { within: { org, connection } };
}

function testCommand(group: Command): void {
  group
    .command('test <policy> <task>')
    .description(
      'the decision of a policy file on a task file, with every clause; ends with 1 where it is not as the task file expects',
    )
    .action((policyFile: string, taskFile: string, options: Options) =>
      run(options, async ({ session, output }) => {
        const trial = { ...readObject(taskFile), documents: documentsOf(readObject(policyFile)) };
        const found = await session.commands.call(policy.test, policy.test.request.parse(trial));
        output.show(found, () => trialLines(found));
        return found.differences.length > 0 ? 1 : 0;
      }),
    );
}

/** A trial for people: the decision, every clause and why, and what is not as expected. */
export function trialLines(found: AnswerOf<typeof policy.test>): readonly string[] {
  return [
    [found.decision, ...new Set(found.codes.map(({ code }) => code))].join('  '),
    '',
    ...tableLines(
      ['CLAUSE', '', 'RESULT', 'DECIDED BY', 'WHY'],
      found.clauses.map(({ n, clause, result, by, codes = [], detail = {} }) => [
        String(n),
        clause,
        result === 'NOT_APPLICABLE' ? '-' : result,
        by.join(', '),
        [...codes, ...Object.entries(detail).map(([key, value]) => `${key} ${cell(value)}`)].join('  '),
      ]),
    ),
    '',
    ...(found.grant === null ? [] : [`grant ${JSON.stringify(found.grant)}`]),
    ...found.differences.map(
      ({ field, expected, found: was }) => `not as expected: ${field} is ${cell(was)} and should be ${cell(expected)}`,
    ),
  ];
}

function cell(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function versionOf(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--version ${text} is no version (right would be 3)`);
  return Number(text);
}
