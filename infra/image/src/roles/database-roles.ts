import { prepareRoles, SERVICES } from '@countersign/installation';
import { ConfigInvalid, readConfig, secretFile } from '@countersign/service-host';
import { z } from 'zod';
import { onceThere } from '../patience.js';

const passwordsSchema = z.record(
  z.enum(SERVICES),
  z.strictObject({ app: z.string().min(16), migrate: z.string().min(16) }),
);

const settingsSchema = z.object({
  /** URL of PostgreSQL with a role that may make databases and roles. */
  COUNTERSIGN_ADMIN_URL_FILE: secretFile(),
  /** Passwords of the services' roles as `secrets` makes them (`database.json`). */
  COUNTERSIGN_DATABASE_PASSWORDS_FILE: secretFile(),
});

/** Makes the database, and every service's schema and roles; repeated, it changes passwords only. A server that is still starting is waited for. */
export async function run(): Promise<void> {
  const settings = readConfig(settingsSchema, process.env);
  const passwords = passwordsOf(settings.COUNTERSIGN_DATABASE_PASSWORDS_FILE);
  await onceThere(() => prepareRoles(settings.COUNTERSIGN_ADMIN_URL_FILE, passwords));
  process.stdout.write(`roles and schemas of ${SERVICES.join(', ')} are there\n`);
}

function passwordsOf(text: string): z.output<typeof passwordsSchema> {
  const wrong =
    'COUNTERSIGN_DATABASE_PASSWORDS_FILE: the file must hold {"<service>":{"app":…,"migrate":…}} of every service';
  try {
    return passwordsSchema.parse(JSON.parse(text));
  } catch {
    // neither the parser's words nor the cause: both can quote a password
    throw new ConfigInvalid([wrong]);
  }
}
