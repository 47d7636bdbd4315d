import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyBinaries, restoreLinks } from './binaries.js';

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'countersign-binaries-'));
  mkdirSync(join(root, 'package/native/lib'), { recursive: true });
  writeFileSync(join(root, 'package/native/lib/libx.so.60.2'), 'library');
  const links = ['libx.so', 'libx.so.60'].map((name) => ({
    source: 'native/lib/libx.so.60.2',
    target: `native/lib/${name}`,
  }));
  writeFileSync(join(root, 'package/native/pg-symlinks.json'), JSON.stringify(links));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('the links that an install script would have made', () => {
  it('are made when the script was skipped, and only then', async () => {
    const made = [await restoreLinks(join(root, 'package')), await restoreLinks(join(root, 'package'))];
    expect(made).toEqual([2, 0]);
    expect(readFileSync(join(root, 'package/native/lib/libx.so.60'), 'utf8')).toBe('library');
    expect(readlinkSync(join(root, 'package/native/lib/libx.so'))).toBe('libx.so.60.2');
  });

  it('replace a link that leads nowhere', async () => {
    symlinkSync('nowhere', join(root, 'package/native/lib/libx.so'));
    expect(await restoreLinks(join(root, 'package'))).toBe(2);
    expect(readFileSync(join(root, 'package/native/lib/libx.so'), 'utf8')).toBe('library');
  });
});

describe('a copy of the programs', () => {
  it('is complete, keeps relative links, and is made once by however many callers', async () => {
    await restoreLinks(join(root, 'package'));
    const from = { native: join(root, 'package/native'), version: '18.4.0', platform: 'linux-x64' };
    const copies = await Promise.all([1, 2, 3].map(() => copyBinaries(from, join(root, 'programs'))));
    const target = join(root, 'programs/postgresql-18.4.0-linux-x64');
    expect(copies.map((copy) => copy.native)).toEqual([target, target, target]);
    expect(readlinkSync(join(target, 'lib/libx.so'))).toBe('libx.so.60.2');
    expect(readdirSync(join(root, 'programs'))).toEqual(['postgresql-18.4.0-linux-x64']);
  });
});
