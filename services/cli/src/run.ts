import { BusUnreachable, CommandFailed, CommandTimeout, NotLetIn } from '@countersign/bus';
import { ZodError } from 'zod';
import { Output } from './output.js';
import { Session, UsageError } from './session.js';

/** Options of every command. */
export interface Options {
  readonly json?: boolean;
}

/** What a command works with. */
export interface Tools {
  readonly session: Session;
  readonly output: Output;
}

/** Whether `--json` stands anywhere on the command line. */
const wantsJson = (): boolean => process.argv.includes('--json');

/** The file of the person who commands: of `--as`, else of the environment. */
function personFile(): string | undefined {
  const at = process.argv.findIndex((argument) => argument === '--as' || argument.startsWith('--as='));
  const given = process.argv[at];
  if (at === -1 || given === undefined) return process.env['COUNTERSIGN_OPERATOR'];
  return given === '--as' ? process.argv[at + 1] : given.slice('--as='.length);
}

/** Attaches, runs a command, and tells what went wrong on standard error with a meaning of the exit code: 1 refused, 2 wrong usage, 3 nobody answered. */
export async function run(_options: Options, command: (tools: Tools) => Promise<number | void>): Promise<void> {
  let session: Session | undefined;
  try {
    session = await Session.open({ as: personFile() });
    process.exitCode = (await command({ session, output: new Output(wantsJson()) })) ?? 0;
  } catch (error) {
    process.exitCode = tell(error);
  } finally {
    await session?.close();
    // a connection that never came about leaves its socket open
    if (session === undefined) process.exit();
  }
}

/** Runs a command that needs no running system. */
export async function runOffline(command: (output: Output) => Promise<number>): Promise<void> {
  try {
    process.exitCode = await command(new Output(wantsJson()));
  } catch (error) {
    process.exitCode = tell(error);
  }
}

function tell(error: unknown): number {
  const json = wantsJson();
  const write = (text: string, problem: object): void =>
    void process.stderr.write(json ? `${JSON.stringify({ ok: false, problem })}\n` : `${text}\n`);
  if (error instanceof CommandFailed) return (write(error.message, error.problem), 1);
  if (error instanceof CommandTimeout || error instanceof BusUnreachable)
    return (write(error.message, { code: error.code, message: error.message }), 3);
  if (error instanceof NotLetIn) return (write(error.message, { code: error.code, message: error.message }), 1);
  if (error instanceof UsageError) return (write(error.message, { code: error.code, message: error.message }), 2);
  if (error instanceof ZodError) {
    const [issue] = error.issues;
    const message = [issue?.path.join('.'), issue?.message ?? 'invalid'].filter(Boolean).join(': ');
    return (write(message, { code: 'REQUEST_INVALID', message }), 2);
  }
  const message = error instanceof Error ? error.message : 'failed';
  return (write(message, { code: 'FAILED', message }), 1);
}
