import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import {
  openInstallation,
  secretOnce,
  writeDatabaseUrls,
  writeSecret,
  type Installation,
} from '@countersign/installation';
import { kubernetesManifests } from '../kubernetes-manifests.js';
import { UsageError } from '../usage-error.js';

const HELP = `secrets <dir> [options]

  Makes every key and password of an installation in a folder, each in a file that only its owner may read. Made once: what is there stays as it is.

  --database <host:port>    the server in the URLs of the services (postgres:5432)
  --format kubernetes       also print Secrets and ConfigMaps, one Secret for each service with what that service reads
  --namespace <name>        namespace of those (countersign)
`;

/** Makes the secrets of an installation. With `--format kubernetes` standard output holds secrets: it is for \`kubectl apply -f -\`. */
export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      database: { type: 'string', default: 'postgres:5432' },
      format: { type: 'string', default: 'files' },
      namespace: { type: 'string', default: 'countersign' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return (process.stdout.write(HELP), 0);
  const [folder] = positionals;
  if (folder === undefined) throw new UsageError('secrets: the folder is missing; right would be `secrets <dir>`');
  if (values.format !== 'files' && values.format !== 'kubernetes')
    throw new UsageError(`--format ${values.format}: right would be files or kubernetes`);
  const installation = makeSecrets(folder, { database: values.database, now: Date.now() });
  if (values.format === 'kubernetes') process.stdout.write(kubernetesManifests(folder, installation, values.namespace));
  else process.stdout.write(`keys of the installation ${installation.installationKey} are in ${folder}\n`);
  return 0;
}

/** Makes what is missing in a folder; the URLs follow the server that is named now, and the passwords stay. */
export function makeSecrets(
  folder: string,
  { database, now }: { readonly database: string; readonly now: number },
): Installation {
  if (!/^[\w.-]+:\d+$/.test(database)) throw new UsageError(`--database ${database}: right would be host:port`);
  const installation = openInstallation(folder, now);
  const { file } = installation;
  const password = secretOnce(file('postgres-password'), randomPassword);
  for (const name of ['nats-cluster-password', 'grafana-password']) secretOnce(file(name), randomPassword);
  writeSecret(file('admin.url'), `postgresql://postgres:${password}@${database}/postgres`);
  writeDatabaseUrls(`postgresql://${database}/postgres`, installation);
  writeSecret(file('installation.key'), installation.installationKey);
  return installation;
}

const randomPassword = (): string => randomBytes(24).toString('base64url');
