import { secretFile } from '@countersign/service-host';
import { LOG_LEVELS } from '@countersign/telemetry';
import { z } from 'zod';
import { canaryFileSchema } from './birds.js';

/** What the canary is configured with. */
export const canaryConfig = z.object({
  /** The file that `setup` wrote. */
  COUNTERSIGN_CANARY_FILE: secretFile().transform((text, context) => {
    const parsed = canaryFileSchema.safeParse(jsonOf(text));
    if (parsed.success) return parsed.data;
    context.addIssue({ code: 'custom', message: 'the file is none that the setup of the canary wrote' });
    return z.NEVER;
  }),
  /** Seconds from one round to the next. */
  COUNTERSIGN_CANARY_EVERY_SECONDS: z.coerce.number().int().min(1).max(3_600).default(30),
  /** Where health and metrics are told. */
  COUNTERSIGN_HEALTH_PORT: z.coerce.number().int().min(0).max(65_535),
  COUNTERSIGN_HEALTH_HOST: z.string().default('127.0.0.1'),
  COUNTERSIGN_LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
});

/** What `setup` is configured with: the operator's keys, and where the file goes. */
export const setUpConfig = z.object({
  /** The file that is written; it holds credentials. */
  COUNTERSIGN_CANARY_FILE: z.string().min(1),
  COUNTERSIGN_NATS_URL: z
    .string()
    .min(1)
    .transform((text) => text.split(',')),
  /** Where agents reach NATS, if elsewhere than the operator does. */
  COUNTERSIGN_CANARY_NATS_URL: z
    .string()
    .min(1)
    .transform((text) => text.split(','))
    .optional(),
  /** Whose canary it is, where set-ups are repeated: organisations that earlier ones of this name made are suspended. */
  COUNTERSIGN_CANARY_NAME: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be 1 to 40 of a-z, 0-9 and -, not starting with -')
    .optional(),
  COUNTERSIGN_NATS_SEED_FILE: secretFile(),
  COUNTERSIGN_SIGNING_KEY_FILE: secretFile(),
  COUNTERSIGN_TRUST_BUNDLE_FILE: z.string().min(1),
  COUNTERSIGN_INSTALLATION_KEY: z.string().length(43),
});

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
