/** Which Node runs the compiled programs. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Explained } from './terminal.mjs';

const MINIMUM = [22, 19];

/** The dependencies' own Node 24; where its binary is missing or does not run here, this one if it is new enough. */
export function findNode(root) {
  const own = join(root, 'node_modules', 'node', 'bin', 'node');
  const asked = spawnSync(own, ['--version'], { encoding: 'utf8' });
  if (asked.status === 0 && isGood(asked.stdout)) return own;
  if (isGood(process.version)) return process.execPath;
  throw new Explained(
    [
      `The dependencies' Node does not run (${own}), and this one is ${process.version}; at least ${MINIMUM.join('.')} is needed.`,
      'Its binary is fetched by an install script; probably such scripts are switched off. Do one of these:',
      '  npm rebuild node --ignore-scripts=false --foreground-scripts',
      `  or start with Node ${MINIMUM.join('.')} or newer`,
    ].join('\n'),
  );
}

export function isGood(version) {
  const [major = 0, minor = 0] = version.trim().replace(/^v/, '').split('.').map(Number);
  return major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1]);
}
