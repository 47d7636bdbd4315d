import { describe, expect, it } from '@jest/globals';
import { testKeys } from '@countersign/testing';
import type { CredentialFile, TrustBundleFile } from '@countersign/contracts';
import { sealTrustBundle } from '@countersign/identity';
import { TrustStore } from './trust-store.js';

const keys = testKeys();
const bundle = (version: number): TrustBundleFile => sealTrustBundle(keys.installation, { v: 1, version, keys: [] });
const store = (): TrustStore =>
  new TrustStore({ trustBundle: bundle(1), installationKey: keys.installationKey } as CredentialFile);

describe('newer keys', () => {
  it('are asked for once for all who want them at the same time', async () => {
    const trust = store();
    let asked = 0;
    const ask = (): Promise<unknown> => Promise.resolve((asked += 1)).then(() => bundle(2));
    expect(await Promise.all([trust.renewed(1, ask), trust.renewed(1, ask)])).toEqual([true, true]);
    expect([asked, trust.bundle.version]).toEqual([1, 2]);
  });

  it('are not asked for again a moment later, however much does not verify', async () => {
    const trust = store();
    let asked = 0;
    const ask = (): Promise<unknown> => Promise.resolve(bundle((asked += 1)));
    expect(await trust.renewed(1, ask)).toBe(false);
    expect(await trust.renewed(1, ask)).toBe(false);
    expect(asked).toBe(1);
  });

  it.each([
    ['nobody answers', () => Promise.reject(new Error('no answer'))],
    ['what comes is older', () => Promise.resolve(bundle(1))],
    ['what comes is of another installation', () => Promise.resolve(testKeys().bundleFile)],
    ['what comes is no bundle', () => Promise.resolve({ body: 'x' })],
  ])('are not there when %s', async (_what, ask: () => Promise<unknown>) => {
    const trust = store();
    expect([await trust.renewed(1, ask), trust.bundle.version]).toEqual([false, 1]);
  });

  it('count for whoever looked with an older one before they came', async () => {
    const trust = store();
    trust.offer(bundle(2));
    expect(await trust.renewed(1, () => Promise.reject(new Error('not asked')))).toBe(true);
  });
});
