import { SERVICES, type ServiceName } from './services.js';

/** Whoever holds keys of its own: the services, the operator's command line, and the program that makes streams. */
export const KEY_HOLDERS = [...SERVICES, 'operator', 'provisioner'] as const;
/** Whoever holds keys of its own. */
export type KeyHolder = (typeof KEY_HOLDERS)[number];

/** Variables that name a file of the installation, by the file's name; those of a service stand in its configuration. */
export type FileVariables = Readonly<Record<string, string>>;

const SEALING: FileVariables = { COUNTERSIGN_SEAL_KEY_FILE: 'seal' };

/** What a service needs beside what every service has. */
const OWN_FILES: Readonly<Partial<Record<ServiceName, FileVariables>>> = {
  registry: {
    COUNTERSIGN_AUTH_NATS_SEED_FILE: 'nats-auth.seed',
    COUNTERSIGN_SYS_NATS_SEED_FILE: 'nats-sys.seed',
    COUNTERSIGN_CALLOUT_ISSUER_SEED_FILE: 'nats-issuer.seed',
    COUNTERSIGN_CALLOUT_XKEY_SEED_FILE: 'nats-xkey.seed',
    COUNTERSIGN_SECRET_PEPPER_FILE: 'pepper',
  },
  audit: SEALING,
  guardrails: SEALING,
  dispatcher: SEALING,
};

const isService = (holder: KeyHolder): holder is ServiceName => SERVICES.some((service) => service === holder);

/** Which secret files a holder reads, by the variable that names each: its own and nobody else's. */
export function secretFilesOf(holder: KeyHolder): FileVariables {
  const seed = { COUNTERSIGN_NATS_SEED_FILE: `nats-${holder}.seed` };
  if (holder === 'provisioner') return seed;
  const signing = { ...seed, COUNTERSIGN_SIGNING_KEY_FILE: `${holder}.pem` };
  if (!isService(holder)) return signing;
  const own = Object.entries(OWN_FILES[holder] ?? {}).map(
    ([variable, file]) => [variable, file === 'seal' ? `seal-${holder}` : file] as const,
  );
  const named: FileVariables = Object.fromEntries(own);
  return { ...signing, COUNTERSIGN_DATABASE_URL_FILE: `database-${holder}.url`, ...named };
}

/** The one file that everybody may read: public keys, signed by the installation's. */
export const TRUST_BUNDLE_FILE = 'trust-bundle.json';

/** Random keys of 32 bytes that services seal, hash and fingerprint with. */
export const RANDOM_KEYS = ['pepper', 'seal-audit', 'seal-dispatcher', 'seal-guardrails'] as const;
