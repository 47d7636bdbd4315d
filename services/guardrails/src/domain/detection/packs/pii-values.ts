import { parsePhoneNumberFromString } from 'libphonenumber-js/core';
import metadata from 'libphonenumber-js/metadata.max';
import type { Confirm } from '../rule.js';

const NO_PERSON = /^(?:git|noreply|no-reply|donotreply|do-not-reply|mailer-daemon|postmaster)@/i;
const FILE = /\.(?:png|jpe?g|gif|svg|webp|js|ts|css|json|ya?ml|md|py|go|rs|java)$/i;

/** An address that a person may read. */
export const isWrittenTo: Confirm = (match) =>
  !NO_PERSON.test(match) && !FILE.test(match) && !/\.\.|^\.|\.@/.test(match);

/** A number in international form that its country's plan allows. */
export const isPhone: Confirm = (match) => parsePhoneNumberFromString(match, metadata)?.isPossible() ?? false;

const CALL =
  /phone|\btel\b|\btel[.:]|\bcall|mobile|\bcell\b|\bfax\b|whatsapp|\bsms\b|\bdial|hotline|reach (?:me|us|him|her|them)|contact (?:me|us|him|her|them|number|info)|telefon|tél|ring me|text me|answering at|messages? to|my registered/i;
const CALLED_BEHIND = /^[-, ]{0,3}(?:office|fax|mobile|cell|home|work|tel|phone)\b/i;
const DATE = /^(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4})$/;

/** A national number: valid in North America as it is usually written there, or of a possible length with a word beside it that says it is a phone. */
export const isCalled: Confirm = (match, text, index) => {
  const digits = match.replace(/(?:x|ext).*$/, '').replace(/\D/g, '');
  if (digits.length < 7 || digits.length > 15 || DATE.test(match.trim()) || new Set(digits).size < 3) return false;
  if (
    CALL.test(text.slice(Math.max(0, index - 40), index)) ||
    CALLED_BEHIND.test(text.slice(index + match.length, index + match.length + 12))
  )
    return true;
  return (
    /^\(?[2-9]\d{2}\)?[ .-]{1,2}\d{3}[ .-]\d{4}/.test(match) &&
    (parsePhoneNumberFromString(match, 'US', metadata)?.isValid() ?? false)
  );
};

/** Networks that are nobody's: unspecified, private, shared, loopback, link-local, documentation, multicast and above (RFC 6890). */
const NOBODYS =
  /^(?:0|10|127|22[4-9]|2[3-5]\d)\.|^169\.254\.|^172\.(?:1[6-9]|2\d|3[01])\.|^192\.168\.|^192\.0\.[02]\.|^198\.(?:1[89]|51)\.|^203\.0\.113\.|^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./;

/** An address of the public internet, which stands for somebody's machine; not a version. */
export const isPublicIp: Confirm = (match, text, index) =>
  match.split('.').every((part) => Number(part) < 256 && !/^0\d/.test(part)) &&
  !NOBODYS.test(match) &&
  !/^(?:8\.8\.[48]\.[48]|1\.1\.1\.1|1\.0\.0\.1|9\.9\.9\.9)$/.test(match) &&
  !/(?:version|ver\.?|\bv|release|chrome|firefox|safari|section|oid)[ /=:"']{0,3}$/i.test(
    text.slice(Math.max(0, index - 12), index),
  ) &&
  !/^[1-9]\.\d\.\d\.\d$/.test(match);

/** A global IPv6 address (2000::/3) of at least four written groups, outside of documentation. */
export const isPublicIpv6: Confirm = (match) =>
  /^[23]/.test(match) &&
  !/^2001:0?db8/i.test(match) &&
  match.split(':').length >= 4 &&
  /^[23][0-9a-f]{3}:/i.test(match) &&
  match.split('::').length <= 2 &&
  (match.includes('::') || match.split(':').length === 8);
