/** Licences of what the image holds. One that nobody has looked at fails the check. */
import { closureOf, nameOf } from './closure.mjs';

/** Licences that ask for nothing but their text, which stays in the image. */
export const ALLOWED = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Unlicense',
];

/** One line a package: name, version, licence. */
export function licenceList(lock) {
  return closureOf(lock)
    .map((path) => [path, lock.packages[path]])
    .map(([path, entry]) => `${nameOf(path, entry)} ${entry.version} ${entry.license ?? 'unknown'}\n`)
    .join('');
}

/** Packages whose licence is not allowed, as `name version licence`. */
export function refusedLicences(lock) {
  return closureOf(lock)
    .map((path) => [path, lock.packages[path]])
    .filter(([, { license }]) => !isAllowed(license))
    .map(([path, entry]) => `${nameOf(path, entry)} ${entry.version} ${entry.license ?? 'unknown'}`);
}

/** An expression of SPDX without brackets inside: of `A OR B` one has to be allowed, of `A AND B` both. */
export function isAllowed(expression) {
  if (typeof expression !== 'string') return false;
  const text = expression.trim().replace(/^\((.*)\)$/, '$1');
  if (text.includes(' OR ')) return text.split(' OR ').some(isAllowed);
  return text.split(' AND ').every((id) => ALLOWED.includes(id.trim()));
}
