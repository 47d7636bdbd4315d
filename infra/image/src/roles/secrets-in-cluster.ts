import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SystemClock } from '@countersign/primitives';
import { ApiServer } from '../cluster/api-server.js';
import { makeSecretsInCluster } from '../cluster/make-secrets.js';
import { UsageError } from '../usage-error.js';

/** Makes the Secrets of an installation in the namespace of this pod, for trying out: `secrets-in-cluster --owner <ConfigMap> --database <host:port>`. */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { owner: { type: 'string' }, database: { type: 'string' } },
  });
  const { owner, database } = values;
  if (owner === undefined || database === undefined)
    throw new UsageError('right would be `secrets-in-cluster --owner <ConfigMap> --database <host:port>`');
  const folder = mkdtempSync(join(tmpdir(), 'countersign-'));
  try {
    const cluster = ApiServer.inside(process.env);
    const made = await makeSecretsInCluster({ cluster, owner, database, folder, now: new SystemClock().now() });
    process.stdout.write(made.length === 0 ? 'nothing was missing\n' : `made ${made.join(', ')}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
