import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');
const text = readFileSync(join(root, 'infra', 'docker', 'Dockerfile'), 'utf8');
const instructions = text
  .replace(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));
const last = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM ')));
const of = (name: string): readonly string[] => last.filter((line) => line.startsWith(`${name} `));

describe('the Dockerfile', () => {
  it('takes both bases as arguments, pinned by tag', () => {
    const bases = instructions.filter((line) => /^ARG (?:BUILD|RUNTIME)_IMAGE=/.test(line));
    expect(bases).toHaveLength(2);
    for (const base of bases) expect(base).toMatch(/=[\w./-]+:[\w.-]+$/);
    expect(instructions.filter((line) => line.startsWith('FROM ')).join(' ')).not.toMatch(/FROM [^$]/);
  });

  it('builds with the Node.js that the project is tested with', () => {
    const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      readonly devDependencies: { readonly node: string };
    };
    expect(text).toContain(`ARG BUILD_IMAGE=node:${devDependencies.node}-`);
  });

  it('runs no install script', () => {
    expect(text).toContain('npm ci --ignore-scripts');
  });

  it('runs nothing in the last stage, so that it needs no shell', () => {
    expect(of('RUN')).toEqual([]);
  });

  it('has a user without a name, and commands in exec form', () => {
    expect(of('USER')).toEqual(['USER 65532:65532']);
    expect(of('ENTRYPOINT')[0]).toMatch(/^ENTRYPOINT \["/);
    expect(of('HEALTHCHECK')[0]).toMatch(/CMD \["/);
    expect(of('CMD')).toEqual([]);
  });

  it('copies nothing into the image but what the first stage has put together', () => {
    expect(of('COPY')).toEqual(['COPY --from=build /out/ /']);
    expect(of('ADD')).toEqual([]);
  });

  it('is built from what .dockerignore lets in: everything else is out', () => {
    const lines = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n');
    expect(lines[1]).toBe('*');
    expect(lines).toEqual(expect.arrayContaining(['**/node_modules', '**/dist', '**/*.spec.ts']));
  });
});
