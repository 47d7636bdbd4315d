import { readFileSync } from 'node:fs';
import { z } from 'zod';

const serviceSchema = z.object({ pid: z.number(), health: z.string(), log: z.string() });

/** What a running system tells other tools: where everything is. It names files with secrets, never the secrets. */
export const runFileSchema = z.object({
  v: z.literal(1),
  pid: z.number(),
  startedAt: z.string(),
  /** URL of the server that is asked, or of each of them, separated by commas. */
  nats: z.string(),
  natsMonitoring: z.string(),
  natsPid: z.number(),
  natsBinary: z.string(),
  postgresPort: z.number(),
  postgresPid: z.number(),
  postgresUrlFile: z.string(),
  /** Where recent traces are kept and can be asked for; absent when they go elsewhere. */
  traces: z.string().optional(),
  services: z.record(z.string(), serviceSchema),
  operator: z.object({
    natsSeedFile: z.string(),
    signingKeyFile: z.string(),
    trustBundleFile: z.string(),
    installationKey: z.string(),
  }),
  agents: z.record(z.string(), z.string()),
});
/** What a running system tells other tools. */
export type RunFile = z.infer<typeof runFileSchema>;

/** Each server of a running system. */
export function natsServersOf({ nats }: Pick<RunFile, 'nats'>): readonly string[] {
  return nats.split(',');
}

/** Reads a run file; undefined when there is none. */
export function readRunFile(path: string): RunFile | undefined {
  try {
    return runFileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}
