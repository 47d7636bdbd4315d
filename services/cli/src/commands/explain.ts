import type { Command } from 'commander';
import { COMMANDS, CONTROLS } from '@countersign/contracts';
import { tableLines } from '../output.js';
import { run, type Options, type Tools } from '../run.js';

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
function text(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** `explain`, `audit verify`. */
export function explainCommands(program: Command): void {
  program
    .command('explain <task>')
    .description('six verdicts with clauses, cost, and where it stands in the record')
    .option('--org <org>', 'organisation by name; the newest when absent')
    .action((id: string, options: Options & { org?: string }) =>
      run(options, (tools) => explainTask(tools, id, options.org)),
    );
  program
    .command('audit')
    .description('the record')
    .command('verify')
    .description('check the chain of an organisation from its first entry on')
    .option('--org <org>', 'organisation by name; the newest when absent')
    .action((options: Options & { org?: string }) =>
      run(options, async ({ session, output }) => {
        const { org, name } = await session.org(options.org);
        const found = await session.commands.call(COMMANDS.audit.verify, { org }, { timeoutMs: 60_000 });
        output.show(found, () =>
          found.firstBad === null
            ? [`the record of ${name} verifies: ${found.size} entries, root ${found.root ?? 'none'}`]
            : [`the record of ${name} is broken at entry ${found.firstBad.position}: ${found.firstBad.problem}`],
        );
        return found.ok ? 0 : 1;
      }),
    );
}

async function explainTask({ session, output }: Tools, id: string, orgName: string | undefined): Promise<void> {
  const { org } = await session.org(orgName);
  const task = await session.task(org, id);
  const services = ['dispatcher', ...CONTROLS] as const;
  const parts = await Promise.all(
    services.map(
      async (service) => [service, await session.commands.call(COMMANDS[service].explain, { task })] as const,
    ),
  );
  const byService = Object.fromEntries(parts.map(([service, answer]) => [service, answer.part]));
  output.show({ task, ...byService }, () => lines(task.task, byService));
}

function lines(id: string, parts: Readonly<Record<string, Json>>): readonly string[] {
  const row = parts['dispatcher'] ?? {};
  const entries = (Array.isArray(parts['audit']?.['entries']) ? parts['audit']['entries'] : []).filter(isObject);
  const facts = isObject(row['facts']) ? row['facts'] : {};
  const codes = (Array.isArray(row['codes']) ? row['codes'] : []).filter(isObject);
  return [
    `task ${id}`,
    `${text(row['state'])} ${text(row['code'])}  attempt ${text(row['attempt'])} round ${text(row['round'])}  claim ${text(row['claim'])}`,
    '',
    ...(codes.length === 0
      ? []
      : [
          ...tableLines(
            ['REASON', 'CLAUSE', 'SIDE', 'RULE'],
            codes.map((c) => [text(c['code']), text(c['clause']), text(c['side']), text(c['id'])]),
          ),
          '',
        ]),
    ...tableLines(['CONTROL', 'VERDICT', 'VERSIONS', 'FRAME'], verdictRows(entries, facts)),
    '',
    ...tableLines(
      ['FACT', 'VALUE'],
      Object.entries(facts)
        .filter(([key]) => key !== 'grant' && key !== 'versions')
        .map(([key, value]) => [key, text(value)]),
    ),
    '',
    ...tableLines(
      ['MONEY', 'VALUE'],
      Object.entries(parts['budget'] ?? {}).map(([key, value]) => [key, text(value)]),
    ),
    '',
    ...tableLines(
      ['POSITION', 'ENTRY', 'DECISION', 'LEAF'],
      entries.map((e) => {
        const header = isObject(e['header']) ? e['header'] : {};
        return [
          text(e['position']),
          text(header['type']),
          text(header['decision'] ?? header['state'] ?? header['to']),
          text(e['leaf']),
        ];
      }),
    ),
  ];
}

/** One line a control: whether its verdict of the last decision counted, by which versions it judged, and the signed frame that it stands in. */
function verdictRows(entries: readonly Json[], facts: Json): readonly (readonly string[])[] {
  const headers = entries.map((e) => (isObject(e['header']) ? e['header'] : {}));
  const decided = headers.filter((header) => header['type'] === 'decided').at(-1);
  const verdicts = isObject(decided?.['verdicts']) ? decided['verdicts'] : {};
  const missing = isObject(facts['missing']) ? facts['missing'] : {};
  const versions = isObject(facts['versions']) ? facts['versions'] : {};
  return CONTROLS.map((control) => {
    const absent = missing['service'] === control ? text(missing['cause']) : 'not waited for';
    const frame = verdicts[control];
    return [control, frame === undefined ? absent : 'counted', text(versions[control]), text(frame)];
  });
}
