/** Makes what `docker compose up` needs, once: keys and passwords, the configuration of NATS, the folders for data, and .env. What is there stays as it is. */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bootstrap, root } from '../local/bin/bootstrap.mjs';
import { Explained, fail, say } from '../local/bin/shared/terminal.mjs';
import { run } from './engine.mjs';

/** The user of the image, for whoever works as root: containers run as the owner of the files, and never as root. */
const IMAGE_USER = 65_532;
const SERVERS = [
  { file: 'nats.conf', name: 'countersign', routes: [] },
  ...['nats', 'nats-2', 'nats-3'].map((name, index, all) => ({
    file: `nats-${index + 1}.conf`,
    name: `countersign-${index + 1}`,
    routes: all.map((host) => `${host}:6222`),
  })),
];
const DATA = [
  'nats',
  'postgres',
  'ha/nats-1',
  'ha/nats-2',
  'ha/nats-3',
  'ha/postgres',
  'prometheus',
  'grafana',
  'canary',
  'ha/canary',
];

/** Makes everything in a project's folder; `program` runs a role of the image and answers what it printed. */
export function prepareCompose(project, program, uid = process.getuid(), gid = process.getgid()) {
  const state = join(project, '.compose');
  const secrets = join(state, 'secrets');
  for (const path of ['', 'secrets', 'nats', ...DATA.map((name) => `data/${name}`)])
    mkdirSync(join(state, path), { recursive: true, mode: 0o700 });
  program(['secrets', secrets]);
  for (const { file, name, routes } of SERVERS) {
    const args = ['--keys', secrets, '--name', name, ...routes.flatMap((route) => ['--route', route])];
    writePrivate(join(state, 'nats', file), program(['nats-config', ...args]));
  }
  const user = uid === 0 ? [IMAGE_USER, IMAGE_USER] : [uid, gid];
  if (uid === 0) giveTo(state, user, join(state, 'data'));
  const key = readFileSync(join(secrets, 'installation.key'), 'utf8');
  return {
    state,
    env: writeEnv(join(project, '.env'), { COUNTERSIGN_USER: user.join(':'), COUNTERSIGN_INSTALLATION_KEY: key }),
  };
}

function writePrivate(path, text) {
  writeFileSync(path, text, { mode: 0o600 });
  chmodSync(path, 0o600);
}

/** What people have set in .env stays; what is missing is added. */
function writeEnv(path, wanted) {
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '# read by docker compose\n';
  const kept = before.split('\n').filter((line) => !line.startsWith('COUNTERSIGN_INSTALLATION_KEY='));
  const has = (name) => kept.some((line) => line.startsWith(`${name}=`));
  const added = Object.entries(wanted).flatMap(([name, value]) => (has(name) ? [] : [`${name}=${value}`]));
  writePrivate(path, `${[...kept.filter((line) => line !== ''), ...added].join('\n')}\n`);
  return path;
}

/** Gives a folder to a user; of data that a container has written only the top is looked at. */
function giveTo(path, [uid, gid], data) {
  chownSync(path, uid, gid);
  const depth = path.startsWith(`${data}/`) && !path.startsWith(join(data, 'ha'));
  if (!statSync(path).isDirectory() || depth) return;
  for (const name of readdirSync(path)) giveTo(join(path, name), [uid, gid], data);
}

async function main() {
  const { values } = parseArgs({ options: { help: { type: 'boolean', default: false } } });
  if (values.help)
    return void process.stdout.write(
      'node infra/docker/secrets.mjs\n\n  Makes .compose (keys, passwords, configuration, data folders) and .env for docker compose, once. To start anew: docker compose down, then remove .compose.\n',
    );
  const node = await bootstrap();
  const { state, env } = prepareCompose(root, (args) => {
    const { ok, stdout, output } = run(node, [join(root, 'infra', 'image', 'dist', 'main.js'), ...args]);
    if (!ok) throw new Explained(output.trim());
    return stdout;
  });
  say(`keys, configuration and data folders: ${state}; variables: ${env}\nnow: docker compose up --wait`);
}

if (process.argv[1] === import.meta.filename) {
  try {
    await main();
  } catch (error) {
    fail(error);
  }
}
