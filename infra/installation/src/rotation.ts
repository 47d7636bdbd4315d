import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { formatInstant, toBase64Url } from '@countersign/primitives';
import type { Signer, TrustBundleBody, TrustedKey } from '@countersign/contracts';
import { SigningKey, sealTrustBundle, TrustBundle } from '@countersign/identity';
import { writeSecret } from './files.js';
import { keyEntry } from './installation.js';
import { TRUST_BUNDLE_FILE } from './key-files.js';

/** A step that cannot be taken, and which one can. */
export class RotationRefused extends Error {
  readonly code = 'ROTATION_REFUSED';
}

/** Where a change of a signer's key stands after a step. */
export interface Rotated {
  readonly version: number;
  /** The key that the step was about. */
  readonly kid: string;
}

interface Keys {
  readonly installation: SigningKey;
  readonly bundle: TrustBundle;
  readonly file: (name: string) => string;
}

function open(folder: string): Keys {
  const file = (name: string): string => join(folder, name);
  for (const name of ['installation.pem', TRUST_BUNDLE_FILE])
    if (!existsSync(file(name)))
      throw new RotationRefused(
        `there is no ${name} in ${folder}; it has to be the folder in which the keys were made`,
      );
  const installation = SigningKey.fromPem('installation', readFileSync(file('installation.pem'), 'utf8'));
  const text = readFileSync(file(TRUST_BUNDLE_FILE), 'utf8');
  return { installation, bundle: TrustBundle.open(JSON.parse(text), toBase64Url(installation.publicKey)), file };
}

const keyIn = (signer: Signer, path: string): SigningKey => SigningKey.fromPem(signer, readFileSync(path, 'utf8'));

/** Writes the next version of the bundle. */
function publish({ installation, bundle, file }: Keys, keys: readonly TrustedKey[]): number {
  const body: TrustBundleBody = { v: 1, version: bundle.version + 1, keys: [...keys] };
  writeSecret(file(TRUST_BUNDLE_FILE), JSON.stringify(sealTrustBundle(installation, body)));
  return body.version;
}

/** First step: makes the signer's next key and names it in the trust bundle beside the one in use. Nothing is signed with it before everybody has that bundle. */
export function announceKey(folder: string, signer: Signer, now: number): Rotated {
  const keys = open(folder);
  const next = keys.file(`${signer}.next.pem`);
  if (existsSync(next))
    throw new RotationRefused(
      `${signer} has a next key already; give everybody the bundle, then take the step \`change\``,
    );
  const key = SigningKey.generate(signer);
  writeSecret(next, key.toPem());
  const entry = keyEntry(key, signer, now);
  return { version: publish(keys, [...keys.bundle.body.keys, entry]), kid: key.kid };
}

/** Second step: the next key becomes the signer's key. Until it is started anew with it, it signs with the one of before, which still counts. */
export function changeKey(folder: string, signer: Signer): Rotated {
  const { bundle, file } = open(folder);
  const next = file(`${signer}.next.pem`);
  if (!existsSync(next)) throw new RotationRefused(`${signer} has no next key; take the step \`announce\` first`);
  const { kid } = keyIn(signer, next);
  if (!bundle.body.keys.some((entry) => entry.kid === kid))
    throw new RotationRefused(
      `the next key of ${signer} is not in the trust bundle; remove ${next} and announce again`,
    );
  renameSync(next, file(`${signer}.pem`));
  return { version: bundle.version, kid };
}

/**
 * Third step: every other key of the signer counts until now and no longer. What was signed before stays good, so the record still verifies. With `since`, of a key that somebody else may have: nothing that it
 * signed from then on counts.
 */
export function retireKeys(folder: string, signer: Signer, now: number, since = now): Rotated {
  const keys = open(folder);
  const { kid } = keyIn(signer, keys.file(`${signer}.pem`));
  if (existsSync(keys.file(`${signer}.next.pem`)))
    throw new RotationRefused(`${signer} has a next key that is not in use; take the step \`change\` first`);
  const ends = formatInstant(Math.min(since, now));
  const counts = ({ service, kid: of, notAfter }: TrustedKey): boolean =>
    service === signer && of !== kid && notAfter > ends;
  const entries = keys.bundle.body.keys;
  if (!entries.some(counts)) throw new RotationRefused(`${signer} has one key only, or the others have ended`);
  const left = entries.map((entry) => (counts(entry) ? { ...entry, notAfter: ends } : entry));
  return { version: publish(keys, left), kid };
}
