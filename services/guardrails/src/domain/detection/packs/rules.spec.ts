import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { PACKS } from '../packs.js';
import { Readings } from '../reading.js';
import type { Rule, RulePack } from '../rule.js';
import { scan } from '../scan.js';
import { viewsOf } from '../views/all-views.js';
import { View } from '../views/view.js';

const cases = (name: string): unknown =>
  parse(readFileSync(new URL(`../../../../cases/${name}.yaml`, import.meta.url), 'utf8'));
const pack = (name: string): RulePack => {
  const found = PACKS.get(name);
  if (found === undefined) throw new Error(`no pack ${name}`);
  return found;
};
const rulesOf = (name: string): readonly string[] => pack(name).rules.map((rule) => rule.id);
const matches = (of: string, rule: string, text: string): boolean =>
  (scan(new Readings(viewsOf(View.original(text))), [pack(of)], { expired: () => false }) ?? []).some(
    (hit) => hit.rule.id === rule,
  );

const ALPHABETS: Readonly<Record<string, string>> = {
  A: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
  B: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567',
  U: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789',
  h: '0123456789abcdef',
  d: '0123456789',
  l: 'abcdefghijklmnopqrstuvwxyz0123456789',
  L: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
};

/** Fills {kind:length} with characters that a seed gives, the same in every run. */
function filled(template: string): string {
  let seed = 20_261_125;
  const next = (): number => (seed = (seed * 48_271) % 2_147_483_647);
  return template.replace(/\{([ABUhdlL]):(\d+)\}/g, (_all, kind: string, length: string) => {
    const alphabet = ALPHABETS[kind] ?? '';
    return Array.from({ length: Number(length) }, () => alphabet[next() % alphabet.length]).join('');
  });
}
const masked = (template: string): string =>
  template.replace(/\{\w:(\d+)\}/g, (_all, length: string) => 'x'.repeat(Number(length)));
const cutShort = (template: string): string => filled(template.replace(/\{(\w):\d+\}/g, '{$1:3}'));

describe('a rule for secrets', () => {
  const examples = Object.entries(cases('secrets') as Record<string, string>);

  it('has an example each', () => {
    expect(examples.map(([rule]) => rule).sort()).toEqual([...rulesOf('secrets')].sort());
  });

  it.each(examples)('%s finds its form', (rule, example) => {
    expect(matches('secrets', rule, filled(example))).toBe(true);
  });

  it.each(examples.filter(([, example]) => example.includes('{A:') || example.includes('{h:')))(
    '%s lets pass what is cut short or written with x for a secret',
    (rule, example) => {
      expect(matches('secrets', rule, cutShort(example))).toBe(false);
      expect(matches('secrets', rule, masked(example))).toBe(rule === 'private-key');
    },
  );

  it.each([
    'postgres://app:password@localhost/x and sk-aaaaaaaaaaaaaaaaaaaaaaaa',
    'password = process.env.PASSWORD1',
    'curl -u "$USER_1:$PASSWORD_1" https://example.com',
    'secret: ${{ secrets.DEPLOY_KEY_1 }}',
    'token = get_token1()',
    'keyFile = /etc/keys/host1.pem',
    'apiKeyVersion: 2024-10-21-preview',
  ])('lets pass %s', (text) => {
    expect(
      (scan(new Readings(viewsOf(View.original(text))), [pack('secrets')], { expired: () => false }) ?? []).length,
    ).toBe(0);
  });
});

describe('a rule for personal data', () => {
  const examples = Object.entries(cases('pii') as Record<string, { finds: string[]; passes: string[] }>);

  it('has examples each', () => {
    expect(examples.map(([rule]) => rule).sort()).toEqual([...rulesOf('pii')].sort());
  });

  it.each(examples)('%s finds what it names and nothing like it', (rule, { finds, passes }) => {
    expect(finds.filter((text) => !matches('pii', rule, text))).toEqual([]);
    expect(passes.filter((text) => matches('pii', rule, text))).toEqual([]);
  });
});

describe.each(['prompt-injection', 'jailbreak', 'exfiltration'])('a rule of %s', (name) => {
  const all = cases('words') as Record<string, Record<string, { matches: string[]; passes: string[] }>>;
  const examples = Object.entries(all[name] ?? {});
  const hidden = (rule: Rule): boolean => rule.on === 'original';

  it('has examples each', () => {
    const ids = pack(name).rules.filter((rule) => !hidden(rule));
    expect(examples.map(([rule]) => rule).sort()).toEqual(ids.map((rule) => rule.id).sort());
  });

  it.each(examples)('%s matches what it names and nothing like it', (rule, { matches: wanted, passes }) => {
    expect(wanted.filter((text) => !matches(name, rule, text))).toEqual([]);
    expect(passes.filter((text) => matches(name, rule, text))).toEqual([]);
  });
});

describe('rules', () => {
  const rules = [...PACKS.values()].flatMap((p) => p.rules);

  it('have ids of their own', () => {
    expect(new Set(rules.map((rule) => rule.id)).size).toBe(rules.length);
  });

  it('search globally and name their categories in the pack', () => {
    expect(rules.filter((rule) => !rule.pattern.global || rule.pattern.sticky)).toEqual([]);
    for (const { categories, rules: own } of PACKS.values())
      expect(own.filter((rule) => !categories.includes(rule.category))).toEqual([]);
  });

  it('ask for literals in lower case that the examples hold', () => {
    expect(
      rules.flatMap((rule) => rule.needs).filter((literal) => literal !== literal.toLowerCase() || literal === ''),
    ).toEqual([]);
  });
});
