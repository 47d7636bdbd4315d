import { readFileSync } from 'node:fs';
import {
  KEY_HOLDERS,
  migrateUrlFile,
  secretFilesOf,
  SERVICES,
  TRUST_BUNDLE_FILE,
  type Installation,
} from '@countersign/installation';
import { stringify } from 'yaml';
import { natsAccountsOf, natsConfigOf } from './roles/nats-config.js';

interface Manifest {
  readonly apiVersion: 'v1';
  readonly kind: 'Secret' | 'ConfigMap';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly type?: 'Opaque';
  readonly stringData?: Readonly<Record<string, string>>;
  readonly data?: Readonly<Record<string, string>>;
}

type Entries = Readonly<Record<string, string>>;

/** The key in a Secret for a variable that names a file: COUNTERSIGN_NATS_SEED_FILE is `nats-seed`, in every service's Secret the same. */
export function secretKeyOf(variable: string): string {
  return variable
    .replace(/^COUNTERSIGN_/, '')
    .replace(/_FILE$/, '')
    .toLowerCase()
    .replaceAll('_', '-');
}

/** A single server's whole configuration, and the part that the configuration of other servers includes. */
const natsFiles = (keys: string): Entries => ({
  'nats.conf': natsConfigOf({ keys, storeDir: '/data', name: 'countersign', routes: [] }),
  'accounts.conf': natsAccountsOf(keys),
});

/**
 * The installation as Kubernetes holds it: a Secret `countersign-<holder>` with what that one reads and nothing else; `countersign-migrate` and `countersign-admin` for the
 * jobs before; and what is public, the trust bundle with the installation's key and the server's configuration, as ConfigMaps.
 */
export function kubernetesManifests(
  folder: string,
  { file, installationKey }: Installation,
  namespace: string,
): string {
  const read = (name: string): string => readFileSync(file(name), 'utf8');
  const named = (name: string) => ({
    name: `countersign-${name}`,
    namespace,
    labels: { 'app.kubernetes.io/part-of': 'countersign' },
  });
  const secret = (name: string, stringData: Entries): Manifest => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: named(name),
    type: 'Opaque',
    stringData,
  });
  const config = (name: string, data: Entries): Manifest => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: named(name),
    data,
  });
  const holders = KEY_HOLDERS.map((holder) =>
    secret(
      holder,
      Object.fromEntries(
        Object.entries(secretFilesOf(holder)).map(([variable, name]) => [secretKeyOf(variable), read(name)]),
      ),
    ),
  );
  const manifests = [
    config('trust-bundle', { 'trust-bundle.json': read(TRUST_BUNDLE_FILE), 'installation-key': installationKey }),
    config('nats', natsFiles(folder)),
    ...holders,
    secret(
      'migrate',
      Object.fromEntries(SERVICES.map((service) => [migrateUrlFile(service), read(migrateUrlFile(service))])),
    ),
    secret('admin', {
      'admin-url': read('admin.url'),
      'database-passwords': read('database.json'),
      'postgres-password': read('postgres-password'),
    }),
  ];
  return manifests.map((manifest) => `---\n${stringify(manifest, { lineWidth: 0 })}`).join('');
}
