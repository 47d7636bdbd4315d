import { readConfig } from '@countersign/service-host';
import type { RunFile } from '@countersign/local';
import { z } from 'zod';

const settingsSchema = z.object({
  COUNTERSIGN_NATS_URL: z.string().min(1),
  COUNTERSIGN_NATS_SEED_FILE: z.string().min(1),
  COUNTERSIGN_SIGNING_KEY_FILE: z.string().min(1),
  COUNTERSIGN_TRUST_BUNDLE_FILE: z.string().min(1),
  COUNTERSIGN_INSTALLATION_KEY: z.string().length(43),
  /** `policy=http://policy:9100,…`: where services tell their health, for `cs doctor`. */
  COUNTERSIGN_HEALTH_URLS: z
    .string()
    .default('')
    .transform((text, context) => {
      const pairs = text.split(',').filter(Boolean);
      const wrong = pairs.find((pair) => !/^[\w-]+=https?:\/\/[^=,]+$/.test(pair));
      if (wrong !== undefined)
        return (
          context.addIssue({ code: 'custom', message: `${wrong}: right would be name=http://host:port` }),
          z.NEVER
        );
      return Object.fromEntries(pairs.map((pair) => pair.split('=') as [string, string]));
    }),
});

/** What the command line and the demo attach with: the part of a run file that does not depend on processes of this machine. */
export type Attachment = Pick<RunFile, 'nats' | 'operator' | 'agents'> & {
  readonly services: Readonly<Record<string, { readonly health: string }>>;
};

/** Reads the operator's variables, which are those of a service; all that is wrong is told at once. */
export function runFileOf(env: Readonly<Record<string, string | undefined>>): Attachment {
  const settings = readConfig(settingsSchema, env);
  return {
    nats: settings.COUNTERSIGN_NATS_URL,
    operator: {
      natsSeedFile: settings.COUNTERSIGN_NATS_SEED_FILE,
      signingKeyFile: settings.COUNTERSIGN_SIGNING_KEY_FILE,
      trustBundleFile: settings.COUNTERSIGN_TRUST_BUNDLE_FILE,
      installationKey: settings.COUNTERSIGN_INSTALLATION_KEY,
    },
    agents: {},
    services: Object.fromEntries(
      Object.entries(settings.COUNTERSIGN_HEALTH_URLS).map(([name, health]) => [name, { health }]),
    ),
  };
}
