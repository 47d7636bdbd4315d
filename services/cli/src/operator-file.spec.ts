import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readOperatorFile, writeOperatorFile, type OperatorFile } from './operator-file.js';

const FILE: OperatorFile = { v: 1, org: 'o', orgName: 'acme', operator: 'p', name: 'ann', kid: 'k', privateKey: 'pem' };

describe("a person's file", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cs-'));
    path = join(folder, 'ann.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is for its owner alone, and read as it was written', () => {
    writeOperatorFile(path, FILE);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readOperatorFile(path)).toEqual(FILE);
  });

  it('is not written over', () => {
    writeOperatorFile(path, FILE);
    expect(() => writeOperatorFile(path, FILE)).toThrow(/is there already/);
  });

  it('is refused when others may read it', () => {
    writeOperatorFile(path, FILE);
    chmodSync(path, 0o640);
    expect(() => readOperatorFile(path)).toThrow(/chmod 600/);
  });

  it.each([
    ['no JSON', '{'],
    ['an agent’s credential', '{"org":"o","agent":"a"}'],
  ])('is refused when it is %s', (_what, text) => {
    writeFileSync(path, text, { mode: 0o600 });
    expect(() => readOperatorFile(path)).toThrow(/not the file of a person/);
  });

  it('is said to be missing when it is', () => {
    expect(() => readOperatorFile(path)).toThrow(/cs operator create/);
  });
});
