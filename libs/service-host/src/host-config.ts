import { readFileSync, statSync } from 'node:fs';
import { LOG_LEVELS } from '@countersign/telemetry';
import { z } from 'zod';

/** The configuration of a process is not valid; all errors at once, each with the name of its variable. Values of secrets are never shown. */
export class ConfigInvalid extends Error {
  readonly code = 'CONFIG_INVALID';
  constructor(readonly problems: readonly string[]) {
    super(`the configuration is not valid:\n${problems.map((p) => `  ${p}`).join('\n')}`);
  }
}

/** A variable that names a file; the value is the file's content without the last line feed. A file that everybody can read is refused. */
export function secretFile(): z.ZodType<string, string> {
  return z.string().transform((path, context) => {
    try {
      if ((statSync(path).mode & 0o007) !== 0)
        return (
          context.addIssue({ code: 'custom', message: `everybody can access ${path}; right would be mode 0600` }),
          z.NEVER
        );
      return readFileSync(path, 'utf8').replace(/\n$/, '');
    } catch {
      return (context.addIssue({ code: 'custom', message: `the file ${path} cannot be read` }), z.NEVER);
    }
  });
}

/** A variable that names a file with 32 random bytes as base64url. */
export function keyFile(): z.ZodType<Buffer, string> {
  return secretFile().transform((text, context) => {
    const key = Buffer.from(text, 'base64url');
    if (key.length !== 32)
      return (context.addIssue({ code: 'custom', message: 'the file must hold 32 bytes as base64url' }), z.NEVER);
    return key;
  });
}

const publicFile = z.string().transform((path, context) => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch {
    return (context.addIssue({ code: 'custom', message: `the file ${path} cannot be read as JSON` }), z.NEVER);
  }
});

/** What every service is configured with. */
export const hostConfigSchema = z.object({
  /** Addresses of nats-servers, separated by commas. */
  COUNTERSIGN_NATS_URL: z
    .string()
    .min(1)
    .transform((text) => text.split(',')),
  /** Seed of the service's NATS user key. */
  COUNTERSIGN_NATS_SEED_FILE: secretFile(),
  /** The service's Ed25519 private key, PKCS #8 PEM. */
  COUNTERSIGN_SIGNING_KEY_FILE: secretFile(),
  /** Public keys of all services, signed by the installation key. */
  COUNTERSIGN_TRUST_BUNDLE_FILE: publicFile,
  /** The installation's public key, base64url; never taken from the bundle. */
  COUNTERSIGN_INSTALLATION_KEY: z.string().length(43),
  /** URL of PostgreSQL with the service's own role. */
  COUNTERSIGN_DATABASE_URL_FILE: secretFile(),
  /** Port of the health endpoints on this machine's loopback, or on all interfaces with COUNTERSIGN_HEALTH_HOST. */
  COUNTERSIGN_HEALTH_PORT: z.coerce.number().int().min(0).max(65_535),
  COUNTERSIGN_HEALTH_HOST: z.string().default('127.0.0.1'),
  /** Lanes of the installation: a frame holds items of one lane. Changed only after a drain. */
  COUNTERSIGN_LANES: z.coerce.number().int().min(1).max(64).default(1),
  COUNTERSIGN_LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
});
/** What every service is configured with. */
export type HostConfig = z.output<typeof hostConfigSchema>;

/** Reads the environment against a schema; throws {@link ConfigInvalid} that names every bad variable. */
export function readConfig<S extends z.ZodObject>(
  schema: S,
  env: Readonly<Record<string, string | undefined>>,
): z.output<S> {
  const parsed = schema.safeParse(env);
  if (parsed.success) return parsed.data;
  throw new ConfigInvalid(
    parsed.error.issues.map(
      (issue) => `${issue.path.join('.')}: ${env[String(issue.path[0])] === undefined ? 'is missing' : issue.message}`,
    ),
  );
}
