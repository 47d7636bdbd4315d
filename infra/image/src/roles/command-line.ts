import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSecret } from '@countersign/installation';
import { ConfigInvalid } from '@countersign/service-host';
import { become } from '../programs.js';
import { runFileOf } from '../run-file.js';

/** The command line `cs` with the operator's key, told by the same variables as a service where everything is. */
export async function run(args: readonly string[]): Promise<void> {
  try {
    attach();
  } catch (error) {
    if (!(error instanceof ConfigInvalid) || !needsNothing(args)) throw error;
  }
  await become('cli', args);
}

/** The command line finds a running system by a run file. */
function attach(): void {
  const attachment = runFileOf(process.env);
  const folder = mkdtempSync(join(tmpdir(), 'countersign-'));
  const path = join(folder, 'run.json');
  writeSecret(path, JSON.stringify(attachment));
  process.env['COUNTERSIGN_RUN_FILE'] = path;
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
}

/** Whether a command line needs nothing of the operator: help, what works on files alone, and whatever a person sends, whose file tells where. */
export const needsNothing = (args: readonly string[]): boolean =>
  args.length === 0 ||
  process.env['COUNTERSIGN_OPERATOR'] !== undefined ||
  args.some((argument) => /^(?:--help|-h|--as|--as=.*)$/.test(argument)) ||
  ['operator key', 'operator join'].includes(args.slice(0, 2).join(' ')) ||
  (args.slice(0, 2).join(' ') === 'audit verify' && args.some((argument) => /^--file(?:=|$)/.test(argument)));
