import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sha256 } from '@countersign/primitives';
import { PURPOSES } from '@countersign/contracts';
import { SigningKey, TrustBundle, type SignatureCheck } from '@countersign/identity';
import { openInstallation } from './installation.js';
import { announceKey, changeKey, retireKeys } from './rotation.js';

const NOW = Date.UTC(2026, 10, 25);
const HOUR = 3_600_000;
let folder: string;
let installationKey: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-rotation-'));
  ({ installationKey } = openInstallation(folder, NOW));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string): string => join(folder, name);
const key = (name = 'dispatcher.pem'): SigningKey => SigningKey.fromPem('dispatcher', readFileSync(file(name), 'utf8'));
const bundle = (): TrustBundle =>
  TrustBundle.open(JSON.parse(readFileSync(file('trust-bundle.json'), 'utf8')), installationKey);

/** What the bundle says of a frame that a key signed at an instant. */
function checked(by: SigningKey, at: number, of = bundle()): boolean {
  const bodyHash = sha256('frame');
  const { kid, sig } = by.sign(PURPOSES.frame, 'flow.0.dec', bodyHash);
  const expected = { purpose: PURPOSES.frame, subject: 'flow.0.dec', bodyHash, signers: ['dispatcher'], at } as const;
  const check: SignatureCheck = of.check({ kid: [kid], sig: [sig] }, expected);
  return check.ok;
}

describe('a signing key', () => {
  it('is changed in three steps, and at each of them what is signed counts for everybody who has the bundle', () => {
    const [old, before] = [key(), bundle()];
    const announced = announceKey(folder, 'dispatcher', NOW + HOUR);
    const next = key('dispatcher.next.pem');
    expect(announced).toEqual({ version: 2, kid: next.kid });
    expect(statSync(file('dispatcher.next.pem')).mode & 0o777).toBe(0o600);
    expect(key().kid).toBe(old.kid);
    expect([checked(old, NOW + HOUR), checked(next, NOW + HOUR), checked(next, NOW + HOUR, before)]).toEqual([
      true,
      true,
      false,
    ]);

    expect(changeKey(folder, 'dispatcher')).toEqual({ version: 2, kid: next.kid });
    expect([key().kid, existsSync(file('dispatcher.next.pem'))]).toEqual([next.kid, false]);
    expect([checked(old, NOW + 2 * HOUR), checked(next, NOW + 2 * HOUR)]).toEqual([true, true]);

    expect(retireKeys(folder, 'dispatcher', NOW + 3 * HOUR)).toEqual({ version: 3, kid: next.kid });
    expect([checked(old, NOW + 3 * HOUR), checked(next, NOW + 3 * HOUR)]).toEqual([false, true]);
    expect(checked(old, NOW + 2 * HOUR)).toBe(true);
  });

  it('that somebody else may have counts for nothing from the instant that is told', () => {
    const old = key();
    announceKey(folder, 'dispatcher', NOW);
    changeKey(folder, 'dispatcher');
    retireKeys(folder, 'dispatcher', NOW + 3 * HOUR, NOW + HOUR);
    expect([checked(old, NOW + HOUR - 1), checked(old, NOW + HOUR)]).toEqual([true, false]);
  });

  it('of another service is left as it is', () => {
    const others = () => bundle().body.keys.filter(({ service }) => service !== 'dispatcher');
    const before = others();
    announceKey(folder, 'dispatcher', NOW);
    changeKey(folder, 'dispatcher');
    retireKeys(folder, 'dispatcher', NOW + HOUR);
    expect(others()).toEqual(before);
    expect(openInstallation(folder, NOW + HOUR).trustBundle).toEqual(bundle().file);
  });

  it('is changed again a year later', () => {
    for (const year of [0, 1, 2]) {
      const at = NOW + year * 365 * 24 * HOUR;
      announceKey(folder, 'dispatcher', at);
      changeKey(folder, 'dispatcher');
      retireKeys(folder, 'dispatcher', at + HOUR);
      expect(checked(key(), at + HOUR)).toBe(true);
    }
    expect(bundle().version).toBe(7);
  });
});

describe('a step that does not come next', () => {
  it.each([
    ['a change before a key is announced', () => changeKey(folder, 'dispatcher'), 'take the step `announce` first'],
    ['an end of the only key', () => retireKeys(folder, 'dispatcher', NOW), 'has one key only'],
  ])('is refused: %s', (_what, step, why) => {
    const before = bundle().file;
    expect(step).toThrow(why);
    expect(bundle().file).toEqual(before);
  });

  it('is refused: a second next key, and an end of the old one while the next is not in use', () => {
    announceKey(folder, 'dispatcher', NOW);
    expect(() => announceKey(folder, 'dispatcher', NOW)).toThrow('has a next key already');
    expect(() => retireKeys(folder, 'dispatcher', NOW)).toThrow('take the step `change` first');
  });

  it('is refused where the installation key is not', () => {
    rmSync(file('installation.pem'));
    expect(() => announceKey(folder, 'dispatcher', NOW)).toThrow('there is no installation.pem');
  });
});
