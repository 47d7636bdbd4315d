import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { formatInstant, toBase64Url } from '@countersign/primitives';
import { SIGNERS, type Signer, type TrustBundleFile, type TrustedKey } from '@countersign/contracts';
import { SigningKey, sealTrustBundle } from '@countersign/identity';
import { generateNatsKeys, type NatsKeys } from '@countersign/nats';
import { secretOnce } from './files.js';
import { RANDOM_KEYS, TRUST_BUNDLE_FILE } from './key-files.js';
import { SERVICES, type ServiceName } from './services.js';

/** Passwords of a service's database roles. */
export interface DatabasePasswords {
  readonly app: string;
  readonly migrate: string;
}

/** Keys and passwords of an installation; made once, kept in files that only their owner may read. */
export interface Installation {
  readonly installationKey: string;
  readonly trustBundle: TrustBundleFile;
  readonly natsKeys: NatsKeys;
  readonly passwords: Readonly<Record<ServiceName, DatabasePasswords>>;
  /** Path of a key file. */
  readonly file: (name: string) => string;
}

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

/** Reads the keys of an installation from a folder, and makes what is not there yet; what is there stays as it is. */
export function openInstallation(folder: string, now: number): Installation {
  const file = (name: string): string => join(folder, name);
  const signing = (service: Signer | 'installation'): SigningKey =>
    SigningKey.fromPem(
      service,
      secretOnce(file(`${service}.pem`), () => SigningKey.generate(service).toPem()),
    );
  const installation = signing('installation');
  const keys = SIGNERS.map(signing);
  const bundle = secretOnce(file(TRUST_BUNDLE_FILE), () => JSON.stringify(bundleOf(installation, keys, now)));
  const natsKeys = JSON.parse(secretOnce(file('nats.json'), () => JSON.stringify(generateNatsKeys()))) as NatsKeys;
  for (const [user, { seed }] of Object.entries({
    ...natsKeys.control,
    auth: natsKeys.auth,
    sys: natsKeys.sys,
    issuer: natsKeys.issuer,
    xkey: natsKeys.xkey,
  }))
    secretOnce(file(`nats-${user}.seed`), () => seed);
  for (const name of RANDOM_KEYS) secretOnce(file(name), () => randomBytes(32).toString('base64url'));
  const passwords = JSON.parse(
    secretOnce(file('database.json'), () => JSON.stringify(newPasswords())),
  ) as Installation['passwords'];
  return {
    installationKey: toBase64Url(installation.publicKey),
    trustBundle: JSON.parse(bundle) as TrustBundleFile,
    natsKeys,
    passwords,
    file,
  };
}

/** A key in a trust bundle: from yesterday, for clocks differ, for two years. */
export function keyEntry(key: SigningKey, service: Signer, now: number): TrustedKey {
  return {
    kid: key.kid,
    service,
    publicKey: toBase64Url(key.publicKey),
    notBefore: formatInstant(now - DAY_MS),
    notAfter: formatInstant(now + 2 * YEAR_MS),
  };
}

function bundleOf(installation: SigningKey, keys: readonly SigningKey[], now: number): TrustBundleFile {
  const entries = keys.flatMap((key) => {
    const service = SIGNERS.find((name) => name === key.service);
    return service === undefined ? [] : [keyEntry(key, service, now)];
  });
  return sealTrustBundle(installation, { v: 1, version: 1, keys: entries });
}

function newPasswords(): Installation['passwords'] {
  const password = (): string => randomBytes(24).toString('base64url');
  return Object.fromEntries(
    SERVICES.map((service) => [service, { app: password(), migrate: password() }]),
  ) as Installation['passwords'];
}
