/** What an image holds, on the disk: its files in a folder and its configuration. */
import { lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Explained } from '../local/bin/shared/terminal.mjs';
import { run } from './engine.mjs';

/** Unpacks an image below a folder; answers the root and the configuration in docker's words. */
export function unpack(engine, tag, folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return engine.name === 'docker' ? unpackDocker(tag, folder) : unpackBuildah(tag, folder);
}

function unpackDocker(tag, folder) {
  const created = need(run('docker', ['create', tag, 'health'])).trim();
  try {
    need(run('docker', ['export', '-o', `${folder}.tar`, created]));
    need(run('tar', ['-x', '-p', '-f', `${folder}.tar`, '-C', folder]));
  } finally {
    run('docker', ['rm', created]);
    rmSync(`${folder}.tar`, { force: true });
  }
  return { root: folder, config: JSON.parse(need(run('docker', ['image', 'inspect', tag])))[0].Config };
}

function unpackBuildah(tag, folder) {
  const container = need(run('buildah', ['from', '--pull-never', tag])).trim();
  try {
    const mounted = need(run('buildah', ['mount', container])).trim();
    need(run('cp', ['-a', `${mounted}/.`, folder]));
  } finally {
    run('buildah', ['rm', container]);
  }
  return { root: folder, config: JSON.parse(need(run('buildah', ['inspect', '--type', 'image', tag]))).Docker.config };
}

function need({ ok, stdout, output }) {
  if (!ok) throw new Explained(output.trim());
  return stdout;
}

/** Every file of a root, with its path in the image and what the file system says of it. */
export function* filesOf(root, below = '') {
  for (const name of readdirSync(join(root, below))) {
    const path = join(below, name);
    const stat = lstatSync(join(root, path));
    yield { path: `/${path}`, name, stat };
    if (stat.isDirectory()) yield* filesOf(root, path);
  }
}
