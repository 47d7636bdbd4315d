import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { UsageError } from './usage-error.js';

const operatorFileSchema = z.strictObject({
  v: z.literal(1),
  org: z.string(),
  orgName: z.string(),
  operator: z.string(),
  name: z.string(),
  kid: z.string(),
  /** PKCS #8 PEM: it was made here and nobody else has it. */
  privateKey: z.string(),
});
/** What a person commands with: who they are, and their private key. */
export type OperatorFile = z.infer<typeof operatorFileSchema>;

/** Writes a person's file, readable by its owner alone; refuses to overwrite one. */
export function writeOperatorFile(path: string, file: OperatorFile): void {
  writeFileSync(path, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
}

/** Reads a person's file; refuses one that others may read. */
export function readOperatorFile(path: string): OperatorFile {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new UsageError(`there is no file ${path}; \`cs operator create\` makes one`);
  if ((stat.mode & 0o077) !== 0) throw new UsageError(`${path} may be read by others; \`chmod 600 ${path}\` first`);
  const parsed = operatorFileSchema.safeParse(jsonOf(readFileSync(path, 'utf8')));
  if (!parsed.success) throw new UsageError(`${path} is not the file of a person; \`cs operator create\` makes one`);
  return parsed.data;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
