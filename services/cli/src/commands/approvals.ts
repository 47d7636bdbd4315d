import type { Command } from 'commander';
import { decimalOfMicros, parseMicros } from '@countersign/primitives';
import { COMMANDS, isTerminal, type AnswerOf, type PendingApproval } from '@countersign/contracts';
import { tableLines } from '../output.js';
import { run, type Options, type Tools } from '../run.js';
import { UsageError } from '../session.js';

const { dispatcher } = COMMANDS;

interface OrgOptions extends Options {
  readonly org?: string;
}
interface DecisionOptions extends OrgOptions {
  readonly comment?: string;
  readonly unsafe?: boolean;
}

/** `approvals`, `approve`, `reject`. */
export function approvalCommands(program: Command): void {
  program
    .command('approvals')
    .description('what waits for people: why, what exactly, who may still decide, until when')
    .option('--org <org>', 'organisation by name; the newest when absent')
    .action((options: OrgOptions) =>
      run(options, async ({ session, output }) => {
        const { org } = await session.org(options.org);
        const { requests, left } = await allWaiting(session, org);
        const names = output.json || requests.length === 0 ? new Map<string, string>() : await session.names(org);
        const nameOf = (id: string): string => names.get(id) ?? id;
        const more = left === 0 ? [] : [`${left} more are too large to be shown`];
        output.show(requests, () =>
          requests.length + left === 0
            ? ['nothing waits']
            : [...requests.flatMap((request) => approvalLines(request, nameOf)), ...more],
        );
      }),
    );
  decision(
    program,
    'approve <task...>',
    'approve what waits for a person; it is judged again before anything is released',
  ).action((tasks: readonly string[], options: DecisionOptions) =>
    run(options, (tools) =>
      tasks.length === 1 ? decide(tools, 'approve', tasks, options) : many(tools, tasks, options),
    ),
  );
  decision(program, 'reject <task>', 'reject what waits for a person; one rejection is final')
    .option('--unsafe', "the task is dangerous: it counts against the client agent's trust")
    .action((task: string, options: DecisionOptions) =>
      run(options, (tools) => decide(tools, 'reject', [task], options)),
    );
}

/** Everything that waits for people of an organisation, page by page; `left`: how many are too large to be told. */
async function allWaiting(
  session: Tools['session'],
  org: string,
): Promise<{ readonly requests: readonly PendingApproval[]; readonly left: number }> {
  const requests: PendingApproval[] = [];
  let left = 0;
  let after: AnswerOf<typeof dispatcher.approvals>['next'];
  do {
    const page = await session.commands.call(dispatcher.approvals, { org, ...(after === undefined ? {} : { after }) });
    requests.push(...page.requests);
    left += page.left;
    after = page.next;
  } while (after !== undefined);
  return { requests, left };
}

function decision(program: Command, usage: string, description: string): Command {
  return program
    .command(usage)
    .description(description)
    .option('--org <org>', 'organisation by name; the newest when absent')
    .option('--comment <text>', 'why');
}

/** What waits for a person, on a few lines; agents of other organisations have no name here and keep their id. */
export function approvalLines(request: PendingApproval, nameOf: (id: string) => string): readonly string[] {
  const { task, action, reasons, required, approvedBy, eligible, stuck } = request;
  const cost =
    action.estimateMicros === null
      ? 'no cost'
      : `${decimalOfMicros(parseMicros(action.estimateMicros))} ${action.currency}`;
  const named = (names: readonly string[]): string => names.join(', ') || 'nobody';
  return [
    `${task.task}  ${request.stage === 'OUTPUT' ? 'a result, before it is delivered' : 'before it is released'}  (attempt ${request.attempt}, round ${request.round}, ${request.severity})`,
    `  why      ${reasons.map(({ service, code, id }) => [service, code, id].filter(Boolean).join(' ')).join('; ')}`,
    `  what     ${action.taskType} of ${nameOf(task.agent)} for ${nameOf(action.targetAgentId)}, ${cost}, models ${list(action.grant.models)}, tools ${list(action.grant.tools)}`,
    `  digest   ${request.actionDigest}`,
    `  people   ${required} needed, approved by ${named(approvedBy)}; may still decide: ${named(eligible.map(({ name }) => name))}`,
    ...(stuck ? ['           too few people may decide: it will expire'] : []),
    `  until    ${request.expiresAt}`,
  ];
}

function list(values: readonly string[] | null): string {
  return values === null ? 'any' : values.join(', ') || 'none';
}

async function waiting({ session }: Tools, options: OrgOptions): Promise<(id: string) => PendingApproval> {
  const { org } = await session.org(options.org);
  const { requests } = await allWaiting(session, org);
  return (id) => {
    const [found, ...more] = requests.filter((r) => r.task.task === id || r.task.task.endsWith(id));
    if (more.length > 0) throw new UsageError(`${more.length + 1} requests end with ${id}; give more of the id`);
    if (found !== undefined) return found;
    throw new UsageError(
      `no task ${id} waits for a person (waiting: ${requests.map((r) => r.task.task).join(', ') || 'none'})`,
    );
  };
}

async function decide(
  tools: Tools,
  verb: 'approve' | 'reject',
  [id = '']: readonly string[],
  options: DecisionOptions,
): Promise<void> {
  const { task, attempt, round, actionDigest } = (await waiting(tools, options))(id);
  const comment = options.comment === undefined ? {} : { comment: options.comment };
  const shown = { task, attempt, round, actionDigest, ...comment };
  const unsafe = options.unsafe === true ? { unsafe: true } : {};
  const answer =
    verb === 'approve'
      ? await tools.session.commands.call(dispatcher.approve, shown)
      : await tools.session.commands.call(dispatcher.reject, { ...shown, ...unsafe });
  const then = isTerminal(answer.state)
    ? 'ended'
    : answer.missing > 0
      ? `${answer.missing} more to approve`
      : 'goes on';
  tools.output.show(answer, () => tableLines(['TASK', 'NOW', ''], [[task.task, answer.state, then]]));
}

async function many(tools: Tools, ids: readonly string[], options: DecisionOptions): Promise<number> {
  const find = await waiting(tools, options);
  const items = ids.map(find).map(({ task, attempt, round, actionDigest }) => ({ task, attempt, round, actionDigest }));
  const comment = options.comment === undefined ? {} : { comment: options.comment };
  const { results } = await tools.session.commands.call(dispatcher.approveMany, { items, ...comment });
  const rows = results.map((result, i) => [
    items[i]?.task.task ?? '',
    ...(result.ok ? [result.state, ''] : [result.problem.code, result.problem.message]),
  ]);
  tools.output.show(results, () => tableLines(['TASK', 'NOW', ''], rows));
  return results.every((result) => result.ok) ? 0 : 1;
}
