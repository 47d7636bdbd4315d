import type { Command } from 'commander';
import { COMMANDS, CONTROLS, type TaskKey } from '@countersign/contracts';
import { CommandFailed, CommandTimeout } from '@countersign/bus';
import { run, type Options, type Tools } from '../run.js';
import { changesFor } from './explain-changes.js';
import type { Json } from './explain-json.js';
import { explanationLines } from './explain-lines.js';
import { explanationOf } from './explain-view.js';

const SERVICES = ['dispatcher', ...CONTROLS] as const;

/** `explain`. */
export function explainCommands(program: Command): void {
  program
    .command('explain <task>')
    .description(
      'why a task is where it is, by the record and the services, and what would have to change for it to pass',
    )
    .option('--org <org>', 'organisation by name; the newest when absent')
    .action((id: string, options: Options & { org?: string }) =>
      run(options, (tools) => explainTask(tools, id, options.org)),
    );
}

async function explainTask({ session, output }: Tools, id: string, orgName: string | undefined): Promise<void> {
  // whoever signs as a person is not told the currency of the organisation
  const { org, currency = 'units' } = await session.org(orgName);
  const task = await session.task(org, id);
  const answers = await Promise.all(
    SERVICES.map(async (service) => [service, await partOf(session, service, task)] as const),
  );
  const silent = answers.filter(([, part]) => part === undefined).map(([service]) => service);
  const view = explanationOf(task, Object.fromEntries(answers.map(([service, part]) => [service, part ?? {}])));
  const changes = changesFor(view, currency);
  output.show({ ...view, changes, silent }, () => [
    ...explanationLines(view, changes, currency),
    ...silent.map((service) => `${service} did not answer`),
  ]);
}

/** What a service knows of the task; undefined where it does not answer: the record tells of the decision all the same. */
async function partOf(
  session: Tools['session'],
  service: (typeof SERVICES)[number],
  task: TaskKey,
): Promise<Json | undefined> {
  try {
    const { part } = await session.commands.call(COMMANDS[service].explain, { task });
    return part;
  } catch (error) {
    if (error instanceof CommandTimeout || error instanceof CommandFailed) return undefined;
    throw error;
  }
}
