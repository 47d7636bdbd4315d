import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UsageError } from './usage-error.js';

/** Where the run file of a local system is, unless told. */
export const runFilePath = (): string => process.env['COUNTERSIGN_RUN_FILE'] ?? join('.countersign', 'run.json');

const runSchema = z.object({
  /** One URL, or several separated by commas. */
  nats: z.string().transform((urls) => urls.split(',')),
  operator: z.object({
    natsSeedFile: z.string(),
    signingKeyFile: z.string(),
    trustBundleFile: z.string(),
    installationKey: z.string(),
  }),
  agents: z.record(z.string(), z.string()),
  services: z.record(z.string(), z.object({ health: z.string() })),
});
/** What a running system tells of itself to tools of the operator. */
export type Run = z.output<typeof runSchema>;

/** Reads a run file; throws {@link UsageError} when there is none. */
export function readRun(path: string): Run {
  try {
    return runSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    throw new UsageError(
      `no running system was found at ${path}; start one with \`npm start\`, or name its run file in COUNTERSIGN_RUN_FILE`,
    );
  }
}

/** The run file of a system with this installation key; undefined when what runs here is another one, or nothing is told of it. */
export function runOf(installationKey: string, path: string): Run | undefined {
  if (!existsSync(path)) return undefined;
  const run = readRun(path);
  return run.operator.installationKey === installationKey ? run : undefined;
}

/** The public key of the local installation; undefined where none is. Reads a file and nothing else. */
export function installationKeyOfRun(path: string = runFilePath()): string | undefined {
  return existsSync(path) ? readRun(path).operator.installationKey : undefined;
}
