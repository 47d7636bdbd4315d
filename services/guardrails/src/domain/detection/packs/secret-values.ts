import type { Confirm } from '../rule.js';
import { entropy, isPlaceholder } from './randomness.js';

/** Values that programs, manuals and templates have where a password would be. */
const STOP_WORDS = new Set(
  (
    'password passwd secret token key user username pass test admin root none null true false undefined example changeme default string ' +
    'mypassword mysecret secretpassword pass1234 password1 password123 hunter2 postgres guest public private value required optional'
  ).split(' '),
);
const VARIABLE = /^[$%<{[(]|[)}>%]$|\$\{|\$\(|\{\{|^\w+\(|process\.env|os\.environ|getenv/i;

function isSecretLike(value: string, bits: number): boolean {
  return (
    !STOP_WORDS.has(value.toLowerCase()) && !VARIABLE.test(value) && !isPlaceholder(value) && entropy(value) >= bits
  );
}

/** A password between a user and a host, or after a user's name. */
export const confirmUrl: Confirm = (match) => {
  const withoutHost = match.replace(/@[\w.-]{3,100}$/, '');
  const password = withoutHost.slice(withoutHost.lastIndexOf(':') + 1);
  return isSecretLike(password, 2) && !password.startsWith('$');
};

/** The value of an authorization header. */
export const confirmBasic: Confirm = (match) => {
  const value = /[\w+/=.~-]{8,}$/.exec(match)?.[0] ?? '';
  return /\d/.test(value) && isSecretLike(value, 3);
};

const UUID_NAME = /id['"]?\s*[:=]/i;
/** A value under a name that says it is secret: letters and digits mixed, random, and neither a path, a version nor an identifier of code. */
export const confirmAssigned: Confirm = (match, text, index) => {
  if (text[index + match.length] === '(') return false;
  const found = /^(.{1,120}?)(?::=|=>|value:|[:=,])\s{0,8}['"`]?([^\s'"`]{8,200})$/i.exec(match);
  const [, name = '', value = ''] = found ?? [];
  if (UUID_NAME.test(`${name}=`) || /public|url|file|path|name|type|size|length|version/i.test(name)) return false;
  if (/^[a-z]+:\/\/|^[./~]|\.(?:com|org|io|net|json|ya?ml|pem|key|crt|txt|js|ts|py|go)\b/i.test(value)) return false;
  const classes = [/[a-z]/, /[A-Z]/, /\d/].filter((c) => c.test(value)).length;
  return /\d/.test(value) && classes >= 2 && isSecretLike(value, value.length >= 16 ? 3.2 : 2.7);
};
