/** `npm run image:check`: looks into the built image, and runs it where an engine can. Each check is a line; a check that cannot be made here is said to be left out. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root as project } from '../local/bin/bootstrap.mjs';
import { Explained, fail, say } from '../local/bin/shared/terminal.mjs';
import { needEngine, run } from './engine.mjs';
import { closureOf, isOwn, readLock } from './closure.mjs';
import { refusedLicences } from './licences.mjs';
import { filesOf, unpack } from './rootfs.mjs';

const MEGABYTES = 1e6;
const SIZE_LIMIT = 200 * MEGABYTES;
const USER = '65532:65532';
/** Programs that an attacker inside would be glad of. */
const UNWANTED = new Set([
  'sh',
  'bash',
  'dash',
  'ash',
  'zsh',
  'busybox',
  'npm',
  'npx',
  'corepack',
  'yarn',
  'apt',
  'apt-get',
  'dpkg',
  'apk',
  'wget',
  'curl',
  'perl',
  'python3',
  'su',
  'sudo',
]);

/** Throws the sentence of a check that does not hold. */
function hold(condition, sentence) {
  if (!condition) throw new Explained(sentence);
}

/** Checks of what the image says of itself and holds; they need no engine that runs. */
export const STATIC_CHECKS = {
  'it runs as 65532:65532': ({ config }) => hold(config.User === USER, `its user is ${config.User}`),
  'its entry point is in exec form and bounds the heap': ({ config }) => {
    hold(config.Entrypoint?.[0] === '/usr/local/bin/node', `it is ${JSON.stringify(config.Entrypoint)}`);
    hold(
      config.Entrypoint.some((part) => part.startsWith('--max-old-space-size-percentage=')),
      'no bound of the heap',
    );
  },
  'it has a health check and labels': ({ config }) => {
    hold(config.Healthcheck?.Test?.[0] === 'CMD', `its health check is ${JSON.stringify(config.Healthcheck)}`);
    for (const label of ['title', 'licenses', 'version', 'revision'])
      hold(config.Labels?.[`org.opencontainers.image.${label}`], `the label ${label} is missing`);
  },
  'no shell, no npm, no package manager': ({ files }) => {
    const found = files.filter(
      ({ path, name, stat }) => UNWANTED.has(name) && !stat.isDirectory() && !path.startsWith('/app/node_modules/'),
    );
    const packages = files.filter(({ path }) => /\/node_modules\/(?:npm|corepack|yarn)$/.test(path));
    hold(found.length + packages.length === 0, [...found, ...packages].map(({ path }) => path).join(', '));
  },
  'its user can write to nothing in /app and /usr, and nothing is set-uid': ({ files }) => {
    const own = (path) => path.startsWith('/app') || path.startsWith('/usr');
    const loose = ({ stat }) => !stat.isSymbolicLink() && ((stat.mode & 0o002) !== 0 || stat.uid === 65_532);
    const bad = files.filter(
      (file) => (own(file.path) && loose(file)) || (file.stat.isFile() && (file.stat.mode & 0o6000) !== 0),
    );
    hold(
      bad.length === 0,
      bad
        .slice(0, 5)
        .map(({ path }) => path)
        .join(', '),
    );
  },
  'it holds the packages of its bill of materials and no other': ({ root, files, lock }) => {
    const there = files
      .filter(
        ({ path, name, stat }) =>
          name === 'package.json' && stat.isFile() && /node_modules\/(?:@[^/]+\/)?[^/]+\/package\.json$/.test(path),
      )
      .map(({ path }) => path.slice('/app/'.length, -'/package.json'.length));
    const wanted = closureOf(lock).filter((path) => !isOwn(path));
    const strange = there.filter(
      (path) =>
        !wanted.includes(path) &&
        !wanted.some((other) => path.startsWith(`${other}/`) && !path.slice(other.length).includes('/node_modules/')),
    );
    hold(strange.length === 0, `not named: ${strange.slice(0, 5).join(', ')}`);
    hold(
      wanted.every((path) => there.includes(path)),
      `missing: ${wanted.filter((path) => !there.includes(path)).join(', ')}`,
    );
    const bill = JSON.parse(readFileSync(join(root, 'app', 'sbom.cdx.json'), 'utf8'));
    hold(
      bill.bomFormat === 'CycloneDX' && bill.components.length === closureOf(lock).length + 1,
      'the bill of materials is another',
    );
  },
  'every licence is one that was looked at': ({ lock }) => {
    const refused = refusedLicences(lock);
    hold(refused.length === 0, refused.join(', '));
  },
  'no test, no source, no key is in it': ({ files }) => {
    const found = files.filter(
      ({ path }) =>
        /\.spec\.[cm]?js$|\.pem$|\.seed$|\.env$|\.tsbuildinfo$/.test(path) ||
        /^\/app\/(?:libs|services|infra)\/[^/]+\/src\//.test(path),
    );
    hold(
      found.length === 0,
      found
        .slice(0, 5)
        .map(({ path }) => path)
        .join(', '),
    );
  },
};

/** `$0` is the root, `$1` the user: the root is mounted read-only for this one process. */
const READ_ONLY_CHROOT =
  'root="$0" user="$1"; shift; mount --bind "$root" "$root" && mount -o remount,bind,ro "$root" && exec chroot --userspec "$user" "$root" "$@"';

/** Runs the image as a container, or its root under chroot: same user, and nothing to write to. */
function runImage(engine, { tag, root }, args) {
  if (engine.runs)
    return run('docker', [
      'run',
      '--rm',
      '--read-only',
      '--cap-drop',
      'ALL',
      '--security-opt',
      'no-new-privileges',
      '--network',
      'none',
      tag,
      ...args,
    ]);
  const program = ['/usr/local/bin/node', '/app/infra/image/dist/main.js'];
  return run('unshare', ['--mount', 'sh', '-c', READ_ONLY_CHROOT, root, USER, ...program, ...args]);
}

const RUN_CHECKS = {
  'without a role it refuses and names them': (engine, image) => {
    const { code, output } = runImage(engine, image, []);
    hold(
      code === 2 && output.includes('dispatcher') && output.includes('migrate'),
      `exit code ${code}: ${output.slice(0, 300)}`,
    );
  },
  'a role that is none is refused by name': (engine, image) => {
    const { code, output } = runImage(engine, image, ['polcy']);
    hold(code === 2 && output.includes('"polcy"'), `exit code ${code}: ${output.slice(0, 300)}`);
  },
  'the command line starts on a read-only root': (engine, image) => {
    const { code, output } = runImage(engine, image, ['cs', '--help']);
    hold(code === 0 && output.includes('Usage: countersign'), `exit code ${code}: ${output.slice(0, 300)}`);
  },
  'a service without configuration says all that is missing': (engine, image) => {
    const { code, output } = runImage(engine, image, ['policy']);
    hold(
      code === 1 &&
        output.includes('COUNTERSIGN_NATS_URL: is missing') &&
        output.includes('COUNTERSIGN_DATABASE_URL_FILE'),
      `exit code ${code}: ${output.slice(0, 300)}`,
    );
  },
};

function counted() {
  const counts = { passed: 0, failed: 0, left: 0 };
  const check = (title, work) => {
    try {
      work();
      counts.passed += 1;
      say(`  ok    ${title}`);
    } catch (error) {
      counts.failed += 1;
      say(`  FAILS ${title}: ${error.message}`);
    }
  };
  return { counts, check };
}

async function main() {
  const { values } = parseArgs({
    options: {
      tag: { type: 'string', default: 'countersign:local' },
      engine: { type: 'string' },
      'no-load': { type: 'boolean', default: false },
    },
  });
  const engine = needEngine(values.engine);
  const folder = join(project, '.countersign', 'image-check');
  const image = { tag: values.tag, ...unpack(engine, values.tag, folder) };
  const seen = { ...image, files: [...filesOf(image.root)], lock: readLock(project) };
  const { counts, check } = counted();
  const size = engine.size(values.tag);
  check(`it is smaller than ${SIZE_LIMIT / MEGABYTES} MB (${(size / MEGABYTES).toFixed(0)} MB)`, () =>
    hold(size < SIZE_LIMIT, 'it is larger'),
  );
  for (const [title, work] of Object.entries(STATIC_CHECKS)) check(title, () => work(seen));
  for (const [title, work] of Object.entries(RUN_CHECKS)) check(title, () => work(engine, image));
  if (engine.runs && !values['no-load'])
    check('SIGTERM under load: every service exits with 0 within 5 s and nothing is lost', () => {
      const program = join(project, 'infra', 'docker', 'e2e-compose.mjs');
      hold(
        spawnSync(process.execPath, [program, 'containers-stop-cleanly'], { stdio: 'inherit' }).status === 0,
        'see above',
      );
    });
  else {
    counts.left += 1;
    say('  left out: SIGTERM under load (it needs a docker engine that runs containers)');
  }
  keepLists(image.root);
  rmSync(folder, { recursive: true, force: true });
  say(`${counts.passed} passed, ${counts.failed} failed, ${counts.left} left out`);
  if (counts.failed > 0) process.exitCode = 1;
}

/** The bill of materials and the licences, for whoever asks for them. */
function keepLists(root) {
  const folder = join(project, '.countersign', 'image');
  mkdirSync(folder, { recursive: true });
  for (const name of ['sbom.cdx.json', 'licences.txt'])
    writeFileSync(join(folder, name), readFileSync(join(root, 'app', name)));
  say(`  bill of materials and licences: ${folder}`);
}

if (process.argv[1] === import.meta.filename) {
  try {
    await main();
  } catch (error) {
    fail(error);
  }
}
