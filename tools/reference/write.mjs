/** Writes docs/reference from the built libs/contracts: `npm run reference`. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { referenceFiles } from '../../libs/contracts/dist/reference/reference.js';

const root = join(import.meta.dirname, '..', '..');
const source = join(root, 'libs', 'contracts', 'src');
const target = join(root, 'docs', 'reference');
const sources = readdirSync(source, { recursive: true })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
  .sort()
  .map((name) => readFileSync(join(source, name), 'utf8'))
  .join('\n');

rmSync(target, { recursive: true, force: true });
const files = referenceFiles(sources);
for (const [name, text] of files) {
  mkdirSync(dirname(join(target, name)), { recursive: true });
  writeFileSync(join(target, name), text);
}
console.log(`${files.size} files in docs/reference`);
