import { join } from 'node:path';
import { LocalError, reasonOf } from '../local-error.js';
import { runCommand } from '../process/run-command.js';
import { admit, inTemporaryFolder } from './cache.js';
import { downloadFile, downloadText } from './download.js';
import { passedOver, releasePlatform, type SourceContext, type SourceOutcome } from './source.js';
import { PINNED_VERSION } from './version.js';

/** Where the project publishes its releases; a mirror has the same layout, `<base>/v<version>/<file>`. */
export const OFFICIAL_RELEASES = 'https://github.com/nats-io/nats-server/releases/download';

/** The official archive, unpacked only after it matches the release's own SHA256SUMS. */
export async function fromRelease(context: SourceContext, base: string): Promise<SourceOutcome> {
  const platform = releasePlatform(context);
  if (platform === undefined) return passedOver(`there is no release for ${context.platform} on ${context.arch}`);
  const name = `nats-server-v${PINNED_VERSION}-${platform}`;
  const folderUrl = `${base.replace(/\/+$/, '')}/v${PINNED_VERSION}`;
  context.report(`fetching nats-server ${PINNED_VERSION} from ${folderUrl}`);
  try {
    return await inTemporaryFolder(context.cacheDir, async (folder) => {
      const archive = join(folder, 'archive.tar.gz');
      await fetchChecked(folderUrl, `${name}.tar.gz`, archive);
      const unpacked = await runCommand('tar', ['-xzf', archive, '-C', folder, `${name}/nats-server`]);
      if (!unpacked.ok) return passedOver(`${name}.tar.gz cannot be unpacked: ${unpacked.reason}`);
      return await admit(join(folder, name, 'nats-server'), 'release', context);
    });
  } catch (error) {
    return passedOver(reasonOf(error));
  }
}

async function fetchChecked(folderUrl: string, file: string, target: string): Promise<void> {
  const wanted = checksumOf(await downloadText(`${folderUrl}/SHA256SUMS`), file);
  if (wanted === undefined) throw new LocalError('DOWNLOAD_FAILED', `${folderUrl}/SHA256SUMS does not list ${file}`);
  const got = await downloadFile(`${folderUrl}/${file}`, target);
  if (got === wanted) return;
  throw new LocalError('DOWNLOAD_FAILED', `${file} has the checksum ${got}, its release says ${wanted}: not used`);
}

/** The checksum that a `sha256sum` listing names for a file, in lower-case hex. */
export function checksumOf(listing: string, file: string): string | undefined {
  for (const line of listing.split('\n')) {
    const match = /^([0-9a-fA-F]{64})\s+\*?(\S+)\s*$/.exec(line);
    if (match?.[2] === file) return match[1]?.toLowerCase();
  }
  return undefined;
}
