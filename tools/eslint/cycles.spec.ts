import { readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');
const SKIPPED = new Set(['node_modules', 'dist', '.countersign']);

type Graph = ReadonlyMap<string, readonly string[]>;

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (SKIPPED.has(name)) return [];
    if (statSync(path).isDirectory()) return filesOf(path);
    return name.endsWith('.ts') && !name.endsWith('.spec.ts') ? [path] : [];
  });
}

/** Who imports whom when the program runs: `import type` leaves nothing behind. */
function graphOf(files: readonly string[]): Graph {
  const IMPORT = /^(?:import|export)\s+(?!type\b)[^;'"]*?from\s+['"](\.[^'"]+)\.js['"]/gms;
  return new Map(
    files.map((file) => {
      const imports = [...readFileSync(file, 'utf8').matchAll(IMPORT)].map(([, to = '']) =>
        join(dirname(file), `${to}.ts`),
      );
      return [file, imports];
    }),
  );
}

function firstCycle(graph: Graph): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next, [...path, file]);
      if (cycle !== undefined) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const cycle = visit(file, []);
    if (cycle !== undefined) return cycle.map((path) => relative(root, path));
  }
  return undefined;
}

it('finds a cycle where there is one', () => {
  expect(
    firstCycle(
      new Map([
        ['/a', ['/b']],
        ['/b', ['/c']],
        ['/c', ['/b']],
      ]),
    )?.length,
  ).toBe(3);
});

it('no file imports itself by way of others', () => {
  const files = ['libs', 'services', 'infra'].flatMap((folder) => filesOf(join(root, folder)));
  expect(files.length).toBeGreaterThan(100);
  expect(firstCycle(graphOf(files))).toBeUndefined();
});
