import type { Command } from 'commander';
import { decimalOfMicros, parseMicros } from '@countersign/primitives';
import { COMMANDS, type TaskRow } from '@countersign/contracts';
import { run, type Options, type Tools } from '../run.js';
import { FollowedTasks, followedLine } from './followed-tasks.js';
import { UsageError } from '../session.js';

const { dispatcher } = COMMANDS;
const FOLLOW_MS = 500;

interface OrgOptions extends Options {
  readonly org?: string;
}

const cost = (row: TaskRow): string => {
  const micros = row.chargedMicros ?? row.estimateMicros;
  return micros === undefined ? '' : decimalOfMicros(parseMicros(micros));
};

const HEADER = ['TASK', 'TYPE', 'STATE', 'CODE', 'ROUND', 'COST', 'ACCEPTED'];
const cells = (row: TaskRow): readonly string[] => [
  row.task.task,
  row.taskType ?? '',
  row.state,
  row.code ?? '',
  `${row.attempt}.${row.round}`,
  cost(row),
  row.acceptedAt,
];

/** `tasks`, `cancel`. */
export function taskCommands(program: Command): void {
  program
    .command('tasks')
    .description('tasks from their decision on, newest first')
    .option('--org <org>', 'organisation by name; the newest when absent')
    .option('--follow', 'go on showing what changes')
    .option('--limit <n>', 'how many', '50')
    .action((options: OrgOptions & { follow?: boolean; limit: string }) =>
      run(options, (tools) => listTasks(tools, options)),
    );
  program
    .command('cancel <task>')
    .description('cancel a task')
    .option('--org <org>', 'organisation by name; the newest when absent')
    .action((id: string, options: OrgOptions) =>
      run(options, async ({ session, output }) => {
        const { org } = await session.org(options.org);
        const answer = await session.commands.call(dispatcher.cancel, { task: await session.task(org, id) });
        output.show(answer, () => [`the task is ${answer.state}`]);
      }),
    );
}

async function listTasks(
  { session, output }: Tools,
  options: { readonly org?: string; readonly follow?: boolean; readonly limit: string },
): Promise<void> {
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > 500)
    throw new UsageError('--limit must be a whole number from 1 to 500');
  const { org } = await session.org(options.org);
  const { rows } = await session.commands.call(dispatcher.list, { org, limit });
  output.table(rows, HEADER, rows.map(cells));
  const followed = new FollowedTasks(rows);
  while (options.follow === true) {
    await new Promise((resolve) => setTimeout(resolve, FOLLOW_MS));
    const { rows: found } = await session.commands.call(dispatcher.list, { org, limit: 500, after: followed.after });
    for (const row of followed.changed(found))
      process.stdout.write(output.json ? `${JSON.stringify(row)}\n` : `${followedLine(cells(row))}\n`);
  }
}
