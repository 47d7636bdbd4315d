/** `npm run e2e:compose`: composes a system of its own from the image, runs the journeys of the main job against it, and takes it down. Needs a docker engine. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bootstrap, environment, root } from '../local/bin/bootstrap.mjs';
import { duration, Explained, fail, say } from '../local/bin/shared/terminal.mjs';
import { composeImages } from './compose-images.mjs';
import { needEngine, run } from './engine.mjs';
import { prepareCompose } from './secrets.mjs';

const HELP = `npm run e2e:compose [-- options] [-- journeys]

  Runs journeys against the composed system; all that can run there when none is named.

  --keep   leave it running afterwards
`;
/** Journeys that need no process of this machine; the others start programs of their own. */
const JOURNEYS = [
  'a-policy-decides',
  'a-cap-is-exact',
  'people-approve-with-their-own-keys',
  'what-is-redacted-never-arrives',
  'a-failing-control-blocks',
  'one-decision-each-under-kill',
];
const PROJECT = 'countersign-e2e';
const PORTS = { COUNTERSIGN_NATS_PORT: '14333', COUNTERSIGN_POSTGRES_PORT: '15433' };

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { keep: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  });
  if (values.help) return void process.stdout.write(HELP);
  const engine = needEngine('docker');
  const node = await bootstrap();
  if (!engine.has('countersign:local')) throw new Explained('There is no image countersign:local yet: npm run image');
  const folder = join(root, '.countersign', 'e2e-compose');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  prepareCompose(folder, (args) => roleOf(node, args));
  const env = { ...environment(), ...PORTS, ...(await composeImages(engine)) };
  const compose = composeOf(folder, env);
  try {
    const began = Date.now();
    if (compose('up', '--wait', '--quiet-pull').status !== 0)
      throw new Explained('The composed system did not become ready.');
    say(`ready ${duration(Date.now() - began)} after \`docker compose up\``);
    compose('stats', '--no-stream');
    process.exitCode = journeys(node, { folder, env, names: positionals.length > 0 ? positionals : JOURNEYS });
    compose('stats', '--no-stream');
  } finally {
    if (process.exitCode !== 0) compose('logs', '--tail', '30');
    if (!values.keep) compose('down', '--volumes');
  }
}

function roleOf(node, args) {
  const { ok, stdout, output } = run(node, [join(root, 'infra', 'image', 'dist', 'main.js'), ...args]);
  if (!ok) throw new Explained(output.trim());
  return stdout;
}

/** docker compose with a project and a folder of its own, so that a system that somebody uses is left alone. */
function composeOf(folder, env) {
  const files = [join(root, 'docker-compose.yml'), join(root, 'infra', 'docker', 'compose.e2e.yaml')];
  const args = [
    'compose',
    '-p',
    PROJECT,
    '--project-directory',
    folder,
    '--progress',
    'quiet',
    ...files.flatMap((file) => ['-f', file]),
  ];
  return (...command) => spawnSync('docker', [...args, ...command], { stdio: ['ignore', 'inherit', 'inherit'], env });
}

function journeys(node, { folder, env, names }) {
  const jest = [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
  ];
  const how = ['--selectProjects', 'journeys', '--runInBand', '--testTimeout', '300000', '--forceExit', '--verbose'];
  const paths = names.map((name) => `e2e/${name}`);
  const composed = { ...env, COUNTERSIGN_COMPOSED: folder, COUNTERSIGN_COMPOSED_PROJECT: PROJECT, NODE_ENV: 'test' };
  return (
    spawnSync(node, [...jest, ...how, '--', ...paths], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: composed,
    }).status ?? 1
  );
}

try {
  await main();
} catch (error) {
  fail(error);
}
