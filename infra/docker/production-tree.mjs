/** Puts together what the image holds: Node.js, the compiled projects, and the packages that they need. Copied, not installed: no install script runs and no npm is needed. */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { closureOf, isOwn, nameOf, readLock } from './closure.mjs';
import { billOfMaterials } from './sbom.mjs';
import { licenceList } from './licences.mjs';

/** Types, maps and manuals of other people's packages are read by no program; licences stay. */
const UNREAD = /(?:\.d\.[cm]?ts|\.[cm]?ts|\.map|\.tsbuildinfo|\.md|\.markdown|\.flow)$/i;
const UNREAD_OWN = /(?:\.d\.[cm]?ts|\.d\.[cm]?ts\.map|\.tsbuildinfo)$/;
/** Folders at the top of other people's packages that no program reads. */
const UNREAD_FOLDERS = new Set([
  'node_modules',
  'test',
  'tests',
  '__tests__',
  'docs',
  'benchmarks',
  'examples',
  '.github',
]);
const LEGAL = /licen[cs]e|notice|copying/i;

/** Writes the root of the image to a folder. */
export function writeTree(root, out) {
  const lock = readLock(root);
  const paths = closureOf(lock);
  const app = join(out, 'app');
  for (const path of paths) (isOwn(path) ? copyOwn : copyPackage)(root, app, path, lock.packages[path]);
  writeFileSync(
    join(app, 'package.json'),
    JSON.stringify({ name: 'countersign', version: lock.version, private: true, type: 'module' }),
  );
  writeFileSync(join(app, 'sbom.cdx.json'), `${JSON.stringify(billOfMaterials(lock), null, 2)}\n`);
  writeFileSync(join(app, 'licences.txt'), licenceList(lock));
  copyFileSync(join(root, 'LICENSE'), join(app, 'LICENSE'));
  const node = join(out, 'usr', 'local', 'bin', 'node');
  mkdirSync(dirname(node), { recursive: true });
  copyFileSync(process.execPath, node);
  chmodSync(node, 0o755);
  return paths.length;
}

/** A project of ours: what its `files` name, `dist` without that; and its name in node_modules, where the others look for it. */
function copyOwn(root, app, path, entry) {
  const { files = ['dist'] } = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'));
  const keep = (source) => !UNREAD_OWN.test(source);
  for (const name of ['package.json', ...files]) {
    if (!existsSync(join(root, path, name))) throw new Error(`${path}/${name} is not there: build first`);
    cpSync(join(root, path, name), join(app, path, name), { recursive: true, filter: keep });
  }
  const link = join(app, 'node_modules', nameOf(path, entry));
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(relative(dirname(link), join(app, path)), link);
}

/** A package of somebody else; what is nested in it has an entry of its own. */
function copyPackage(root, app, path) {
  const keep = (source) => {
    const inside = relative(join(root, path), source);
    return !UNREAD_FOLDERS.has(inside) && (LEGAL.test(basename(source)) || !UNREAD.test(source));
  };
  cpSync(join(root, path), join(app, path), { recursive: true, filter: keep });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [out] = process.argv.slice(2);
  if (out === undefined) throw new Error('give the folder to write to');
  const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
  process.stdout.write(`${writeTree(root, out)} packages are in ${out}\n`);
}
