/** Puts node_modules in the state that package-lock.json names. */
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, delimiter, join, sep } from 'node:path';
import { collect } from './run.mjs';
import { duration, Explained, say } from './terminal.mjs';

const STILL_MS = 20_000;
const HINTS = [
  [
    /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ERR_SOCKET/,
    'The package registry cannot be reached: check the network, a proxy (npm config get proxy) and the registry (npm config get registry).',
  ],
  [/EINTEGRITY/, 'A package does not match the lock file: run "npm cache verify" and try again.'],
  [/EACCES|EPERM/, 'npm may not write here: check who owns this folder and node_modules.'],
  [/ENOSPC/, 'The disk is full.'],
  [
    /EUSAGE/,
    'package.json and package-lock.json do not belong together: run "npm install" if you changed dependencies.',
  ],
];

/** Runs `npm ci` when node_modules is missing, unfinished, or made from another lock file. */
export async function ensureInstalled(root) {
  const wanted = fingerprint(root);
  const marker = join(root, 'node_modules', '.countersign-install');
  if (readText(marker) === wanted) return;
  if (!matchesLock(root)) await install(root);
  writeFileSync(marker, wanted);
}

function fingerprint(root) {
  const hash = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  return `${hash} ${process.platform}-${process.arch}\n`;
}

/** Whether npm itself finished an installation of exactly this lock file, by hand or in another way. */
export function matchesLock(root) {
  const wanted = readPackages(join(root, 'package-lock.json'));
  const present = readPackages(join(root, 'node_modules', '.package-lock.json'));
  if (wanted === undefined || present === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes('node_modules/')) return true;
    const have = present[path];
    if (have === undefined) return entry.optional === true;
    return have.version === entry.version && have.integrity === entry.integrity && existsSync(join(root, path));
  });
}

async function install(root) {
  say('Installing the dependencies that package-lock.json names (npm ci). The first time takes a minute or two.');
  const began = Date.now();
  const still = setInterval(() => say(`  … still installing, ${duration(Date.now() - began)}`), STILL_MS);
  // NODE_ENV=production must not leave the compiler out, and an engine-strict setting must not keep an older Node from
  // installing: the programs run on the Node that is installed here.
  const options = ['--include=dev', '--include=optional', '--engine-strict=false', '--loglevel=error'];
  const env = { ...process.env, PATH: pathOutside(root) };
  const npm = findNpm(root, env.PATH);
  const args = [...npm.args, 'ci', ...options, '--no-audit', '--no-fund'];
  const result = await collect(npm.command, args, { cwd: root, env });
  clearInterval(still);
  if (result.code !== 0) throw new Explained(explain(result.output));
  say(`Installed in ${duration(Date.now() - began)}.`);
}

/** The npm that runs this script, else the one on PATH; never on a Node inside node_modules, which npm is about to remove. */
function findNpm(root, path) {
  const own = process.env.npm_execpath;
  const lasting = !isInside(join(root, 'node_modules'), process.execPath);
  if (lasting && own !== undefined && /^npm(-cli)?\./.test(basename(own)) && existsSync(own)) {
    return { command: process.execPath, args: [own] };
  }
  for (const folder of path.split(delimiter)) {
    if (folder !== '' && isExecutable(join(folder, 'npm'))) return { command: join(folder, 'npm'), args: [] };
  }
  throw new Explained('npm is not on PATH; it comes with Node (https://nodejs.org/en/download).');
}

function pathOutside(root) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.filter((folder) => !isInside(join(root, 'node_modules'), folder)).join(delimiter);
}

function isInside(folder, path) {
  return path === folder || path.startsWith(folder + sep);
}

function explain(output) {
  const lines = output
    .trimEnd()
    .split('\n')
    .filter((line) => !line.includes('A complete log of this run'));
  const hints = HINTS.filter(([pattern]) => pattern.test(output)).map(([, hint]) => hint);
  const shown = lines.slice(-20).map((line) => `  ${line}`);
  return ['The dependencies could not be installed. npm says:', ...shown, ...hints].join('\n');
}

function readPackages(path) {
  const text = readText(path);
  try {
    return text === undefined ? undefined : JSON.parse(text).packages;
  } catch {
    return undefined;
  }
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
