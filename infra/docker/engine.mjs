/** What builds and runs images on this machine: docker where its engine answers, else buildah; each only as far as it is needed here. */
import { spawnSync } from 'node:child_process';
import { Explained, say } from '../local/bin/shared/terminal.mjs';

/** Runs a program and answers what it printed; its terminal is ours with `show`. */
export function run(command, args, { show = false, env = {}, input } = {}) {
  const stdio = show ? ['ignore', 'inherit', 'inherit'] : [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'];
  const result = spawnSync(command, args, {
    stdio,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, ...env },
    ...(input === undefined ? {} : { input }),
  });
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`;
  return { ok: result.status === 0, code: result.status ?? 127, output, stdout: result.stdout ?? '' };
}

const docker = {
  name: 'docker',
  runs: true,
  has: (image) => run('docker', ['image', 'inspect', image]).ok,
  pull: (image) => run('docker', ['pull', '--quiet', image]),
  build: (request) => run('docker', ['build', ...argumentsOf(request), request.context], { show: true }),
  size: (image) => Number(run('docker', ['image', 'inspect', '--format', '{{.Size}}', image]).stdout),
};

const buildah = {
  name: 'buildah',
  runs: false,
  has: (image) => run('buildah', ['inspect', '--type', 'image', image]).ok,
  pull: (image) => run('buildah', ['pull', '--quiet', image]),
  // HEALTHCHECK exists in docker's format only
  build: (request) =>
    run('buildah', ['bud', '--isolation', 'chroot', '--format', 'docker', ...argumentsOf(request), request.context], {
      show: true,
    }),
  size: (image) => bytesOf(JSON.parse(run('buildah', ['images', '--json', image]).stdout || '[{}]')[0]?.size),
};

/** `161 MB` as buildah tells it, in bytes. */
function bytesOf(text = '') {
  const [, number, unit] = /^([\d.]+) (B|KB|MB|GB)$/.exec(text) ?? [];
  return Number(number) * { B: 1, KB: 1e3, MB: 1e6, GB: 1e9 }[unit ?? 'B'];
}

function argumentsOf({ file, tag, args = {}, hostNetwork = false }) {
  const build = Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  return ['-f', file, '-t', tag, ...build, ...(hostNetwork ? ['--network', 'host'] : [])];
}

/** The engine to use, `only` of that name; undefined where there is none. */
export function findEngine(only) {
  const candidates = [
    [docker, () => run('docker', ['info', '--format', '{{.ServerVersion}}']).ok],
    [buildah, () => run('buildah', ['--version']).ok],
  ];
  return candidates.find(([engine, there]) => (only === undefined || engine.name === only) && there())?.[0];
}

/** The engine to use; tells what is missing where there is none. */
export function needEngine(only) {
  const engine = findEngine(only);
  if (engine === undefined)
    throw new Explained(
      only === undefined
        ? 'Neither a docker engine answers (docker info) nor is buildah installed: one of the two builds the image.'
        : `${only} does not answer here.`,
    );
  say(`engine: ${engine.name}`);
  return engine;
}
