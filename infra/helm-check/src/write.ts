import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { chartFiles } from './files.js';
import { CHART } from './paths.js';

const files = chartFiles();
for (const { path, content } of files) {
  mkdirSync(dirname(join(CHART, path)), { recursive: true });
  writeFileSync(join(CHART, path), content);
}
process.stdout.write(`${files.length} files in helm/countersign\n`);
