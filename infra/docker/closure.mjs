/** What of package-lock.json goes into the image: one list, for the tree that is copied, for the bill of materials, and for the licences. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The package whose dependencies the image holds. */
const ROOT_PACKAGE = 'infra/image';

/** Reads package-lock.json of a checkout. */
export function readLock(root) {
  return JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
}

/** Paths of every package that production needs, from the lock file alone: dependencies and required peers, no development and no optional ones. */
export function closureOf({ packages }, start = ROOT_PACKAGE) {
  const found = new Set();
  const waiting = [start];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    for (const name of neededBy(packages[path])) {
      const target = resolve(packages, path, name);
      if (target === undefined) throw new Error(`package-lock.json: ${path} needs ${name}, which is not there`);
      waiting.push(target);
    }
  }
  return [...found].sort();
}

function neededBy({ dependencies = {}, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} }) {
  const peers = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true);
  return [...Object.keys(dependencies), ...peers].filter((name) => !(name in optionalDependencies));
}

/** Where Node finds a package from a folder: the nearest node_modules upward; a workspace stands in its own folder. */
function resolve(packages, from, name) {
  for (let folder = from; ; folder = parentOf(folder)) {
    const path = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    const entry = packages[path];
    if (entry !== undefined) return entry.link === true ? entry.resolved : path;
    if (folder === '') return undefined;
  }
}

function parentOf(folder) {
  const nested = folder.lastIndexOf('/node_modules/');
  return nested === -1 ? '' : folder.slice(0, nested);
}

/** Whether a path of the lock file is a project of this repository. */
export const isOwn = (path) => !path.includes('node_modules/');

/** Name of the package at a path of the lock file. */
export const nameOf = (path, entry) =>
  entry.name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
