import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { trustBundleFileSchema } from '@countersign/contracts';
import { z } from 'zod';
import { UsageError } from './usage-error.js';

const installationSchema = z.strictObject({
  nats: z.array(z.string()).min(1),
  /** Raw Ed25519 key, base64url: under it every trust bundle has to verify. */
  installationKey: z.string().length(43),
  trustBundle: trustBundleFileSchema,
});

const invitationSchema = z.strictObject({
  v: z.literal(1),
  org: z.string(),
  orgName: z.string(),
  operator: z.string(),
  name: z.string(),
  kid: z.string(),
  installation: installationSchema,
});
/** Who a person is to an installation, and where that is. No secret: it becomes their file with the key that only they have. */
export type Invitation = z.infer<typeof invitationSchema>;

const operatorFileSchema = invitationSchema.extend({
  /** Absent in files of before: with them one comes in where the operator's run file is. */
  installation: installationSchema.optional(),
  /** PKCS #8 PEM: it was made where the person is and nobody else has it. */
  privateKey: z.string(),
});
/** What a person commands with: who they are, where, and their private key. */
export type OperatorFile = z.infer<typeof operatorFileSchema>;

/** Writes a file that its owner alone may read; refuses to overwrite one. */
export function writeSecretFile(path: string, text: string): void {
  if (existsSync(path)) throw new UsageError(`${path} is there already; name another file`);
  writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
}

/** Writes a person's file. */
export function writeOperatorFile(path: string, file: OperatorFile): void {
  writeSecretFile(path, `${JSON.stringify(file, null, 2)}\n`);
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

/** Reads an invitation. */
export function readInvitation(path: string): Invitation {
  if (!existsSync(path))
    throw new UsageError(`there is no file ${path}; the operator has it of \`cs operator create\``);
  const parsed = invitationSchema.safeParse(jsonOf(readFileSync(path, 'utf8')));
  if (!parsed.success)
    throw new UsageError(`${path} is no invitation; \`cs operator create <name> --public-key <key>\` makes one`);
  return parsed.data;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
