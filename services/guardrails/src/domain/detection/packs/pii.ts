import type { Confirm, Rule, RulePack } from '../rule.js';
import {
  isBsn,
  isCard,
  isCodiceFiscale,
  isCpf,
  isDni,
  isGermanTaxId,
  isIban,
  isNhs,
  isNir,
  isNric,
  isPesel,
  isRoutingNumber,
  isTfn,
  isVin,
  luhn,
  verhoeff,
} from './checksums.js';
import { isCalled, isPhone, isPublicIp, isPublicIpv6, isWrittenTo } from './pii-values.js';

const rule = (kind: string, pattern: RegExp, confirm?: Confirm, needs: readonly string[] = []): Rule => ({
  id: kind.toLowerCase().replaceAll('_', '-'),
  category: 'PII',
  kind,
  pattern,
  weight: 100,
  needs,
  ...(confirm === undefined ? {} : { confirm }),
});

const REACH = 40;

/** Confirms a match that has one of some words near before it (or, close, behind it). */
function near(words: RegExp, also: (match: string) => boolean = () => true): Confirm {
  return (match, text, index) =>
    also(match) &&
    (words.test(text.slice(Math.max(0, index - REACH), index)) ||
      words.test(text.slice(index + match.length, index + match.length + REACH / 2)));
}

const named = near(
  /\bcards?\b|\bvisa\b|mastercard|amex/i,
  (match) => luhn(match) && new Set(match.replace(/\D/g, '')).size > 2,
);
const ssn = (match: string): boolean => new Set(match.replace(/\D/g, '')).size > 1;

/** Personal data that has a form of its own: with a check digit where there is one, else with a word beside it that says what it is. */
export const pii: RulePack = {
  name: 'pii',
  version: 1,
  categories: ['PII'],
  reads: 'values',
  rules: [
    rule(
      'CREDIT_CARD',
      /(?<![\d.-])\d(?:[ -]?\d){11,18}(?![\d-])/g,
      (match, text, index) => isCard(match) || named(match, text, index),
    ),
    rule('SSN', /(?<![\w-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])/g, ssn),
    {
      ...rule(
        'SSN',
        /(?<![\w-])(?!000|666)\d{3}[- ]?(?!00)\d{2}[- ]?(?!0000)\d{4}(?![\w-])/g,
        near(/\bssn?\b|social security/i, ssn),
        ['ssn', 'social sec', ' ss'],
      ),
      id: 'ssn-named',
    },
    rule('EMAIL', /(?<![\w.+%-])[\w.+%-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,6}[A-Za-z]{2,24}(?![\w-])/g, isWrittenTo, [
      '@',
    ]),
    rule('PHONE', /(?<![\w+])\+\d{1,3}(?:[ .()/-]{0,3}\d){5,13}(?!\d)/g, isPhone, ['+']),
    {
      ...rule(
        'PHONE',
        /(?<![\w.+-])(?:\+?\(?\d{1,4}\)?[ .()/-]{0,3}){2,7}\d{1,4}(?: ?(?:x|ext\.?) ?\d{1,6})?(?!\w|-\d)/g,
        isCalled,
      ),
      id: 'phone-named',
    },
    rule('IBAN', /\b[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,3})?\b/g, isIban),
    rule('IP_ADDRESS', /(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)/g, isPublicIp, ['.']),
    {
      ...rule(
        'IP_ADDRESS',
        /(?<![\w:.])(?:[0-9A-Fa-f]{1,4}:){2,7}(?::?[0-9A-Fa-f]{1,4}){1,6}(?![\w:.])/g,
        isPublicIpv6,
        [':'],
      ),
      id: 'ipv6-address',
    },
    rule(
      'MAC_ADDRESS',
      /(?<![\w:-])[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}(?![\w:-])/g,
      near(/\bmac\b|hardware|ethernet|device/i),
    ),
    rule(
      'DATE_OF_BIRTH',
      /(?<![\w/-])(?:\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d\d|(?:19|20)\d\d-\d{2}-\d{2})(?![\w/-])/g,
      near(/\bborn\b|birth|\bd\.?o\.?b\b|geboren|geburts|naissance|nacimiento/i),
    ),
    rule('US_ITIN', /(?<![\w-])9\d{2}-(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])-\d{4}(?![\w-])/g),
    rule('US_EIN', /(?<![\w-])\d{2}-\d{7}(?![\w-])/g, near(/\bein\b|employer identification|tax id/i), [
      'ein',
      'employer id',
      'tax id',
    ]),
    rule('US_PASSPORT', /(?<!\w)[A-Za-z]?\d{8,9}(?!\w)/g, near(/passport/i), ['passport']),
    rule(
      'DRIVER_LICENSE',
      /(?<!\w)[A-Za-z]{0,2}\d[\d-]{5,15}(?![\w-])/g,
      near(/driv(?:er|ing)(?:'?s)?[ -]licen[cs]e|\bDL ?(?:no|number|#)/i),
      ['licen', 'dl '],
    ),
    rule('US_ROUTING_NUMBER', /(?<!\w)[0-3]\d{8}(?!\w)/g, near(/routing|\baba\b/i, isRoutingNumber), [
      'routing',
      'aba',
    ]),
    rule(
      'BANK_ACCOUNT',
      /(?<![\w-])\d{6,17}(?![\w-])/g,
      near(/(?:bank |checking |savings )account|account (?:no|num|number|#)\b|kontonummer/i),
      ['account', 'konto'],
    ),
    rule('UK_NHS', /(?<![\w-])\d{3}[ -]?\d{3}[ -]?\d{4}(?![\w-])/g, near(/\bnhs\b|national health/i, isNhs), [
      'nhs',
      'national health',
    ]),
    rule('UK_NINO', /\b(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b/g),
    rule(
      'DE_TAX_ID',
      /(?<![\w-])\d{2}[ /]?\d{3}[ /]?\d{3}[ /]?\d{3}(?![\w-])/g,
      near(/steuer|tax|idnr|tin\b/i, isGermanTaxId),
      ['steuer', 'tax', 'idnr', 'tin'],
    ),
    rule('FR_NIR', /(?<!\w)[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}(?!\w)/g, isNir),
    rule('ES_DNI', /(?<![\w-])(?:\d{8}|[XYZ]-?\d{7})-?[A-HJ-NP-TV-Z](?![\w-])/g, isDni),
    rule('IT_FISCAL_CODE', /\b[A-Z]{6}\d{2}[ABCDEHLMPRST]\d{2}[A-Z]\d{3}[A-Z]\b/gi, isCodiceFiscale),
    rule('PL_PESEL', /(?<!\w)\d{11}(?!\w)/g, near(/pesel/i, isPesel), ['pesel']),
    rule(
      'SE_PERSONNUMMER',
      /(?<![\w-])(?:(?:19|20)?\d{2})(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])[-+]\d{4}(?![\w-])/g,
      (match) => luhn(match.replace(/\D/g, '').slice(-10)),
    ),
    rule('NL_BSN', /(?<!\w)\d{9}(?!\w)/g, near(/\bbsn\b|burgerservice|sofi/i, isBsn), ['bsn', 'burgerservice', 'sofi']),
    rule('BR_CPF', /(?<![\w.-])\d{3}\.\d{3}\.\d{3}-\d{2}(?![\w-])/g, isCpf),
    rule(
      'IN_AADHAAR',
      /(?<![\w-])[2-9]\d{3}[ -]\d{4}[ -]\d{4}(?![\w-]| \d)/g,
      near(/aadhaa?r|uidai|\buid\b/i, verhoeff),
      ['aadha', 'uid'],
    ),
    rule('IN_PAN', /\b[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]\b/g, near(/\bpan\b|permanent account|income tax/i), [
      'pan',
      'permanent acc',
      'income tax',
    ]),
    rule('AU_TFN', /(?<![\w-])\d{3} ?\d{3} ?\d{3}(?![\w-])/g, near(/\btfn\b|tax file/i, isTfn), ['tfn', 'tax file']),
    rule('CA_SIN', /(?<![\w-])\d{3}[ -]?\d{3}[ -]?\d{3}(?![\w-])/g, near(/\bsin\b|social insurance/i, luhn), [
      'sin',
      'social insurance',
    ]),
    rule('SG_NRIC', /\b[STFGM]\d{7}[A-Z]\b/g, isNric),
    rule('VIN', /\b[A-HJ-NPR-Z0-9]{17}\b/g, near(/\bvin\b|vehicle id|chassis/i, isVin), ['vin', 'vehicle', 'chassis']),
    rule(
      'CRYPTO_ADDRESS',
      /\b(?:bc1[ac-hj-np-z02-9]{25,62}|0x[0-9a-fA-F]{40})\b/g,
      near(/wallet|address|bitcoin|btc|eth(?:ereum)?\b/i),
      ['bc1', '0x'],
    ),
  ],
};
