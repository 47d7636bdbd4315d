import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { decimalOfMicros, parseMicros } from '@countersign/primitives';
import { COMMANDS, type PriceEntry, type RequestOf } from '@countersign/contracts';
import { run, type Options } from '../run.js';
import { UsageError } from '../session.js';
import { parseJson } from './typed-json.js';

const { budget } = COMMANDS;

type Put = Options & { readonly file: string; readonly org?: string };

/** `budget prices show|put`. */
export function priceCommands(budgets: Command): void {
  const group = budgets.command('prices').description('the price book');
  group
    .command('show')
    .description('the price book in force; rates are per million tokens')
    .action((options: Options) =>
      run(options, async ({ session, output }) => {
        const { book } = await session.commands.call(budget.pricesShow, {});
        output.table(
          book,
          ['KIND', 'NAME', 'FROM', 'INPUT', 'OUTPUT', 'CACHED', 'REQUEST', 'OF'],
          (book?.entries ?? []).map(priceRow),
        );
      }),
    );
  group
    .command('put')
    .description('put a new version into force; with --org only the prices of that organisation change (at most 100)')
    .requiredOption('--file <file>', 'JSON: {"currency":"USD","entries":[…]}, with --org {"entries":[…]}')
    .option('--org <org>', 'organisation by name')
    .action((options: Put) =>
      run(options, async ({ session, output }) => {
        const prices = parseJson(contentOf(options.file), options.file);
        const put =
          options.org === undefined
            ? // what the file says is judged by the schema of the command before it is sent
              await session.commands.call(budget.pricesPut, prices as RequestOf<typeof budget.pricesPut>)
            : await session.commands.call(budget.pricesOverride, {
                ...(prices as RequestOf<typeof budget.pricesOverride>),
                org: (await session.org(options.org)).org,
              });
        output.show(put, () => [`price book ${put.version} is in force`]);
      }),
    );
}

function priceRow(entry: PriceEntry): readonly string[] {
  const money = (micros: string): string => decimalOfMicros(parseMicros(micros));
  return [
    entry.kind,
    entry.name ?? '',
    String(entry.tierMinTokens),
    money(entry.inputMicrosPerMtok),
    money(entry.outputMicrosPerMtok),
    money(entry.cachedInputMicrosPerMtok),
    money(entry.requestMicros),
    entry.org ?? 'everybody',
  ];
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new UsageError(`cannot read ${file}`);
  }
}
