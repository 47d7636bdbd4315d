import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { unzipOne } from './unzip.js';

/** A ZIP archive with one file, deflated or as it is; the directory entry says how. */
function zipOf(name: string, content: string, method: 0 | 8): Buffer {
  const bytes = method === 8 ? deflateRawSync(content) : Buffer.from(content);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(name.length, 26);
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(method, 10);
  entry.writeUInt32LE(bytes.length, 20);
  entry.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(header.length + name.length + bytes.length, 16);
  return Buffer.concat([header, Buffer.from(name), bytes, entry, Buffer.from(name), end]);
}

describe('a ZIP archive', () => {
  it.each([0, 8] as const)('gives out a file that is stored with method %d', (method) => {
    const text = 'the six of them '.repeat(50);
    expect(unzipOne(zipOf('helm/helm', text, method), 'helm/helm')?.toString('utf8')).toBe(text);
  });

  it('gives out nothing for a file that is not in it, and nothing at all when it is none', () => {
    expect(unzipOne(zipOf('a', 'b', 8), 'helm/helm')).toBeUndefined();
    expect(unzipOne(Buffer.from('not an archive'), 'a')).toBeUndefined();
  });
});
