/**
 * From a fresh clone to a running program, on Node's built-ins alone: installs what package-lock.json names, switches to
 * the dependencies' Node 24, compiles, and runs the compiled program in this one's place.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withFileLock } from './shared/file-lock.mjs';
import { ensureInstalled } from './shared/install.mjs';
import { findNode } from './shared/node-runtime.mjs';
import { collect, handOver } from './shared/run.mjs';
import { duration, Explained, fail, say } from './shared/terminal.mjs';

const WORTH_TELLING_MS = 1_000;

export const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

/** Installs and compiles; returns the Node to run programs with. Several may call this at once: one works, the others wait. */
export async function bootstrap() {
  const told = (pid) => say(`Process ${pid} is installing or compiling this project; waiting for it.`);
  return withFileLock(join(root, '.countersign', 'bootstrap.lock'), installAndCompile, told);
}

/** Bootstraps, then runs a compiled program; this process ends as that one does. */
export async function runCompiled(script, args) {
  try {
    const node = await bootstrap();
    const path = join(root, script);
    if (!existsSync(path)) throw new Explained(`${script} was not compiled: this program does not exist.`);
    process.exitCode = await handOver(node, ['--enable-source-maps', path, ...args], { env: environment() });
  } catch (error) {
    fail(error);
  }
}

/** Children find the dependencies' programs, and with them the right Node, first on PATH, and heed the machine's proxy. */
export function environment(env = process.env) {
  return { ...env, PATH: `${join(root, 'node_modules', '.bin')}:${env.PATH ?? ''}`, ...proxySettings(env) };
}

/** Node asks a proxy only when told to; what runs on this machine must then be excepted. */
function proxySettings(env) {
  const proxied = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'].some((name) => env[name]);
  if (!proxied || env.NODE_USE_ENV_PROXY !== undefined) return {};
  const except = [env.NO_PROXY ?? env.no_proxy, '127.0.0.1', 'localhost'].filter(Boolean).join(',');
  return { NODE_USE_ENV_PROXY: '1', NO_PROXY: except, no_proxy: except };
}

async function installAndCompile() {
  await ensureInstalled(root);
  const node = findNode(root);
  const began = Date.now();
  const compiler = join(root, 'node_modules', 'typescript-native', 'bin', 'tsc');
  const result = await collect(node, [compiler, '-b'], { cwd: root });
  if (result.code !== 0) throw new Explained(`The project does not compile:\n${result.output.trimEnd()}`);
  const took = Date.now() - began;
  if (took >= WORTH_TELLING_MS) say(`Compiled in ${duration(took)}.`);
  return node;
}
