import { createReadStream, existsSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { COMMANDS, ERASURE_REASONS, type ErasureReason } from '@countersign/contracts';
import { RecordVerifier, type RecordReport } from '@countersign/record';
import type { Output } from '../output.js';
import { run, runOffline, type Options, type Tools } from '../run.js';
import { installationKeyOfRun } from '../run-file.js';
import { UsageError } from '../usage-error.js';
import { exportRecord } from '../record-export.js';

const { audit } = COMMANDS;
const WALK_MS = 120_000;
const EXIT: Readonly<Record<RecordReport['status'], number>> = { ok: 0, tampered: 1, incomplete: 2 };

interface OrgOptions extends Options {
  readonly org?: string;
}
interface VerifyOptions extends OrgOptions {
  readonly file?: string;
  readonly installationKey?: string;
}

/** `audit verify|export|checkpoint|erase`. */
export function auditCommands(program: Command): void {
  const group = program.command('audit').description('the record');
  verifyCommand(group);
  exportCommand(group);
  checkpointCommand(group);
  eraseCommand(group);
}

function verifyCommand(group: Command): void {
  group
    .command('verify')
    .description(
      'check the chain of an organisation from its first entry on; with --file an exported record, without network: exit 0 ok, 1 tampered, 2 incomplete',
    )
    .option('--org <org>', 'organisation by name; the newest when absent')
    .option('--file <file>', 'an exported record')
    .option('--installation-key <key>', "the installation's public key (base64url); of the local run when absent")
    .action((options: VerifyOptions) =>
      options.file === undefined
        ? run(options, (tools) => verifyOnline(tools, options))
        : runOffline((output) => verifyFile(output, options.file ?? '', options.installationKey)),
    );
}

function exportCommand(group: Command): void {
  group
    .command('export')
    .description('write the record of an organisation with a signed checkpoint to a file, to be verified anywhere')
    .requiredOption('--out <path>', 'a new file, or a folder that exists')
    .option('--payloads', 'with the sealed payloads opened: what was submitted, and the verdicts as they were signed')
    .option('--org <org>', 'organisation by name; the newest when absent')
    .action((options: OrgOptions & { out: string; payloads?: boolean }) =>
      run(options, async (tools) => {
        const { org, name } = await tools.session.org(options.org);
        const path = pathOf(options.out, name);
        const done = await exportRecord(tools.session, { org, path, payloads: options.payloads === true });
        tools.output.show({ ...done, file: path }, () => [
          `${done.size} entries in ${path}`,
          `check it anywhere: countersign audit verify --file ${path} --installation-key ${done.installationKey}`,
        ]);
      }),
    );
}

function checkpointCommand(group: Command): void {
  group
    .command('checkpoint')
    .description(
      'sign what the record has come to (C2SP tlog-checkpoint); keep it where nobody of the installation can change it',
    )
    .option('--org <org>', 'organisation by name; the newest when absent')
    .action((options: OrgOptions) =>
      run(options, async ({ session, output }) => {
        const { org } = await session.org(options.org);
        const signed = await session.commands.call(audit.checkpoint, { org }, { timeoutMs: WALK_MS });
        output.show(signed, () => [signed.note.trimEnd(), '', `verifier key: ${signed.verifierKey}`]);
      }),
    );
}

function eraseCommand(group: Command): void {
  group
    .command('erase <month>')
    .description('throw away the key of the sealed payloads of a month such as 2026-08, for ever; the headers stay')
    .requiredOption('--reason <reason>', ERASURE_REASONS.join(', '))
    .option('--org <org>', 'organisation by name; the newest when absent')
    .action((epoch: string, options: OrgOptions & { reason: string }) =>
      run(options, async ({ session, output }) => {
        const { org, name } = await session.org(options.org);
        const done = await session.commands.call(audit.erase, { org, epoch, reason: reasonOf(options.reason) });
        output.show(done, () => [
          `${done.payloads} payloads of ${name} of ${epoch} can be read by nobody any more; entry ${done.record.position} says so`,
        ]);
      }),
    );
}

function reasonOf(text: string): ErasureReason {
  const reason = ERASURE_REASONS.find((known) => known === text);
  if (reason === undefined) throw new UsageError(`--reason must be one of ${ERASURE_REASONS.join(', ')}, not ${text}`);
  return reason;
}

function pathOf(out: string, name: string): string {
  const path = resolve(out);
  const file = existsSync(path) && statSync(path).isDirectory() ? resolve(path, `${name}-record.jsonl`) : path;
  if (existsSync(file)) throw new UsageError(`${file} is there already; name a new file`);
  return file;
}

async function verifyOnline({ session, output }: Tools, options: OrgOptions): Promise<number> {
  const { org, name } = await session.org(options.org);
  const found = await session.commands.call(audit.verify, { org }, { timeoutMs: WALK_MS });
  output.show(found, () =>
    found.firstBad === null
      ? [`the record of ${name} verifies: ${found.size} entries, root ${found.root ?? 'none'}`]
      : [`the record of ${name} is broken at entry ${found.firstBad.position}: ${found.firstBad.problem}`],
  );
  return found.ok ? 0 : 1;
}

/** Verifies an exported record line by line: no network, no database, no more memory for a longer file. */
async function verifyFile(output: Output, path: string, key: string | undefined): Promise<number> {
  if (!existsSync(path)) throw new UsageError(`there is no file ${path}`);
  const verifier = new RecordVerifier(key ?? installationKeyOfRun());
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) verifier.line(line);
  const report = verifier.finish();
  output.show(report, () => reportLines(report));
  return EXIT[report.status];
}

function reportLines(report: RecordReport): readonly string[] {
  const { payloads, problems } = report;
  const first =
    report.first === null
      ? `the record verifies: ${report.size} entries, root ${report.root ?? 'none'}, signed by ${report.signedBy ?? 'nobody'}`
      : `the record is ${report.status}${placeOf(report.first.position)}: ${report.first.problem}`;
  return [
    first,
    ...problems
      .filter((p) => p !== report.first)
      .slice(0, 10)
      .map((p) => `  also ${p.status}${placeOf(p.position)}: ${p.problem}`),
    ...(payloads.checked > 0 ? [`${payloads.checked} payloads are what their headers commit to`] : []),
    ...(payloads.pruned.length > 0 ? [`payloads dropped at the end of their time: ${payloads.pruned.join(', ')}`] : []),
    ...(payloads.erased.length > 0 ? [`payloads erased: ${payloads.erased.join(', ')}`] : []),
  ];
}

const placeOf = (position: number | null): string => (position === null ? '' : ` at entry ${position}`);
