import type { Rule, RulePack } from '../rule.js';

const rule = (id: string, pattern: RegExp, confirm?: (match: string) => boolean): Rule => ({
  id,
  category: 'SECRET',
  pattern,
  ...(confirm === undefined ? {} : { confirm }),
});

/** Bits per character: random strings of letters and digits are above 3.5, words and placeholders below. */
export function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  let bits = 0;
  for (const n of counts.values()) bits -= (n / text.length) * Math.log2(n / text.length);
  return bits;
}

const tail = (match: string): string => match.slice(-20);
const random = (match: string): boolean => entropy(tail(match)) >= 3;

/** Credentials in the forms that their vendors document. */
export const secrets: RulePack = {
  name: 'secrets',
  version: 1,
  rules: [
    rule('private-key', /-----BEGIN (?:RSA |EC |DSA |OPENSSH |ENCRYPTED |PGP )?PRIVATE KEY(?: BLOCK)?-----/),
    rule('aws-access-key', /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/, random),
    rule('github-token', /\bgh[pousr]_[A-Za-z0-9]{36,251}\b/, random),
    rule('github-fine-grained', /\bgithub_pat_[A-Za-z0-9_]{22,255}\b/, random),
    rule('gitlab-token', /\bgl(?:pat|ptt|rt|dt)-[A-Za-z0-9_-]{20,64}\b/, random),
    rule('slack-token', /\bxox[abeoprs]-[A-Za-z0-9-]{20,200}\b/, random),
    rule(
      'slack-webhook',
      /https:\/\/hooks\.slack\.com\/services\/T[A-Z0-9]{6,12}\/B[A-Z0-9]{6,12}\/[A-Za-z0-9]{20,30}/,
    ),
    rule('google-api-key', /\bAIza[0-9A-Za-z_-]{35}\b/, random),
    rule('stripe-key', /\b(?:sk|rk)_(?:live|test)_[0-9A-Za-z]{16,120}\b/, random),
    rule('openai-key', /\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{20,200}\b/, random),
    rule('anthropic-key', /\bsk-ant-[A-Za-z0-9_-]{20,200}\b/, random),
    rule('npm-token', /\bnpm_[A-Za-z0-9]{36}\b/, random),
    rule('pypi-token', /\bpypi-[A-Za-z0-9_-]{50,250}\b/, random),
    rule('sendgrid-key', /\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}\b/, random),
    rule('twilio-key', /\bSK[0-9a-f]{32}\b/, random),
    rule('azure-storage', /\bAccountKey=[A-Za-z0-9+/]{80,100}={0,2}/),
    rule('jwt', /\beyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{20,1000}/, random),
    rule(
      'url-password',
      /\b[a-z][a-z0-9+.-]{2,15}:\/\/[^\s:@/]{1,64}:[^\s:@/]{6,100}@[\w.-]{3,100}/i,
      (match) => !/:(?:\*+|password|passwd|secret|xxx+|<[^>]*>|\$\{?\w+\}?|example|changeme)@/i.test(match),
    ),
    rule('countersign-key', /\bcsk_[0-9a-z]{12}_[0-9a-z]{40}_[0-9a-f]{6}\b/),
  ],
};
