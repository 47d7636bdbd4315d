import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');
const SKIPPED = new Set(['node_modules', 'dist']);
const LINK = /\]\(([^)\s#]+)(?:#[^)]*)?\)/g;

function documentsUnder(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name) || entry.name.startsWith('.')) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return documentsUnder(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

function brokenLinksOf(path: string): readonly string[] {
  return [...readFileSync(path, 'utf8').matchAll(LINK)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(dirname(path), target)));
}

describe('a document', () => {
  it.each(documentsUnder(root).map((path) => relative(root, path)))('%s links to files that are there', (path) => {
    expect(brokenLinksOf(join(root, path))).toEqual([]);
  });
});

/** Lines of fenced blocks, without what stands in quotes and behind a comment sign. */
function commandsOf(text: string): readonly string[] {
  return [...text.matchAll(/^```(?:sh)?\n(.*?)^```/gms)]
    .flatMap(([, block = '']) => block.split('\n'))
    .map((line) => line.replaceAll(/'[^']*'|"[^"]*"/g, '').replace(/ # .*| {2,}#.*/, ''));
}

describe('what documents tell to type', () => {
  it.each(documentsUnder(root).map((path) => relative(root, path)))(
    '%s has no name of a connection that the shell takes for a redirection',
    (name) => {
      const found = commandsOf(readFileSync(join(root, name), 'utf8')).filter((line) => /^(?:cs|npm) .*->/.test(line));
      expect(found).toEqual([]);
    },
  );

  it('is looked at without its quotes', () => {
    const block = "```\ncs policy set --connection a->b\ncs budget set 5 --connection 'a->b'   # a->b\n```\n";
    expect(commandsOf(block).filter((line) => line.includes('->'))).toEqual(['cs policy set --connection a->b']);
  });
});
