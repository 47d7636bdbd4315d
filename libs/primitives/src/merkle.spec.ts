import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { merkleLeaf, merklePath, merkleRoot, verifyMerklePath } from './merkle.js';

const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const roots = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const leaves = (n: number): Buffer[] => Array.from({ length: n }, (_, i) => merkleLeaf(Buffer.from(`leaf ${i}`)));

describe('Merkle tree of RFC 6962', () => {
  it('has the eight reference roots of Certificate Transparency', () => {
    const hashes = inputs.map((hex) => merkleLeaf(Buffer.from(hex, 'hex')));
    expect(roots.map((_, i) => merkleRoot(hashes.slice(0, i + 1)).toString('hex'))).toEqual(roots);
  });

  it('has the same leaf for a text as for its UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => merkleLeaf(text).equals(merkleLeaf(Buffer.from(text)))),
    );
  });

  it('proves every leaf of every tree up to 65 leaves, and no other index or root', () => {
    for (let size = 1; size <= 65; size += 1) {
      const all = leaves(size);
      const root = merkleRoot(all);
      for (const [index, leaf] of all.entries()) {
        const path = merklePath(index, all);
        expect(verifyMerklePath({ leaf, index, size, path, root })).toBe(true);
        expect(verifyMerklePath({ leaf, index: (index + 1) % (size + 1), size, path, root })).toBe(false);
      }
    }
  });

  it('refuses a proof with any bit changed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 40 }), fc.nat(), fc.nat(), (size, at, bit) => {
        const all = leaves(size);
        const index = at % size;
        const path = merklePath(index, all).map((p) => Buffer.from(p));
        const target = path[bit % path.length];
        target?.writeUInt8(target.readUInt8(bit % 32) ^ 1, bit % 32);
        return !verifyMerklePath({ leaf: all[index] ?? Buffer.alloc(0), index, size, path, root: merkleRoot(all) });
      }),
    );
  });
});
