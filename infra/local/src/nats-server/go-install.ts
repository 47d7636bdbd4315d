import { join } from 'node:path';
import { runCommand } from '../process/run-command.js';
import { admit, inTemporaryFolder } from './cache.js';
import { programsOnPath } from './on-path.js';
import { passedOver, type SourceContext, type SourceOutcome } from './source.js';
import { PINNED_VERSION } from './version.js';

const PATIENCE_MS = 600_000;

/** Builds the pinned version from source; Go checks it against the checksum database by itself. */
export async function fromGo(context: SourceContext): Promise<SourceOutcome> {
  const [go] = programsOnPath('go', context.env);
  if (go === undefined) return passedOver('Go is not on PATH');
  context.report(`building nats-server ${PINNED_VERSION} with ${go}, which takes a minute or two`);
  return inTemporaryFolder(context.cacheDir, async (folder) => {
    const env = { ...context.env, GOBIN: folder, CGO_ENABLED: '0', GOFLAGS: '' };
    const args = ['install', `github.com/nats-io/nats-server/v2@v${PINNED_VERSION}`];
    const built = await runCommand(go, args, { env, cwd: folder, timeoutMs: PATIENCE_MS });
    if (!built.ok) return passedOver(`go install failed: ${built.reason}`);
    return admit(join(folder, 'nats-server'), 'go', context);
  });
}
