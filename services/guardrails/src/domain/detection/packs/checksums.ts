const digitsOf = (text: string): readonly number[] => [...text.replace(/\D/g, '')].map(Number);

const weighted = (digits: readonly number[], weights: readonly number[]): number =>
  weights.reduce((sum, weight, i) => sum + weight * (digits[i] ?? 0), 0);

/** Whether the digits of a text pass the check of ISO/IEC 7812 (Luhn). */
export function luhn(text: string): boolean {
  const sum = [...digitsOf(text)].reverse().reduce((total, digit, i) => {
    const twice = digit * 2;
    return total + (i % 2 === 0 ? digit : twice > 9 ? twice - 9 : twice);
  }, 0);
  return sum % 10 === 0;
}

/** Ranges of issuers (ISO/IEC 7812) with the lengths of their numbers. */
const ISSUERS: readonly (readonly [pattern: RegExp, lengths: readonly number[]])[] = [
  [/^4/, [13, 16, 19]],
  [/^3[47]/, [15]],
  [/^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]],
  [/^(?:6011|64[4-9]|65|62|81)/, [16, 17, 18, 19]],
  [/^35(?:2[89]|[3-8])/, [16, 17, 18, 19]],
  [/^(?:2131|1800)/, [15]],
  [/^3(?:0[0-5]|[689])/, [14, 15, 16, 17, 18, 19]],
  [/^(?:50|5[6-8]|6[37])/, [12, 13, 14, 15, 16, 17, 18, 19]],
];

/** Whether a text is a number that a card can have: an issuer's range, its length, the check digit. */
export function isCard(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  return (
    ISSUERS.some(([pattern, lengths]) => pattern.test(digits) && lengths.includes(digits.length)) &&
    !/^(\d)\1+$/.test(digits) &&
    luhn(digits)
  );
}

/** Remainder by 97 of a text whose letters count from 10 (ISO 7064). */
function mod97(text: string): number {
  let rest = 0;
  for (const character of text.toUpperCase()) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
}

/** Lengths of IBANs by country (ISO 13616 registry). */
const IBAN_LENGTHS = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 ' +
    'IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 ' +
    'SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** Whether a text is an IBAN: its country's length and remainder 1. */
export function isIban(text: string): boolean {
  const iban = text.replace(/[ -]/g, '').toUpperCase();
  return IBAN_LENGTHS.get(iban.slice(0, 2)) === iban.length && mod97(iban.slice(4) + iban.slice(0, 4)) === 1;
}

/** NHS number: weights 10 to 2, modulus 11. */
export function isNhs(text: string): boolean {
  const d = digitsOf(text);
  const check = 11 - (weighted(d, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11);
  return d.length === 10 && check % 11 === d[9] && check !== 10;
}

/** American Bankers Association's routing number: weights 3, 7, 1. */
export function isRoutingNumber(text: string): boolean {
  const d = digitsOf(text);
  return d.length === 9 && text !== '000000000' && weighted(d, [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 === 0;
}

/** German tax id: modulus 11, 10 (ISO 7064). */
export function isGermanTaxId(text: string): boolean {
  const d = digitsOf(text);
  const product = d.slice(0, 10).reduce((p, digit) => (((digit + p) % 10 || 10) * 2) % 11, 10);
  return d.length === 11 && d[0] !== 0 && (11 - product) % 10 === d[10];
}

/** French social-security number: 97 less the remainder; Corsica's letters count as 19 and 18. */
export function isNir(text: string): boolean {
  const nir = text.replace(/\s/g, '').toUpperCase().replace('2A', '19').replace('2B', '18');
  return nir.length === 15 && 97 - Number(BigInt(nir.slice(0, 13)) % 97n) === Number(nir.slice(13));
}

/** Spanish DNI and NIE: a letter from the remainder by 23. */
export function isDni(text: string): boolean {
  const id = text.replace(/[ -]/g, '').toUpperCase();
  const number = Number(id.slice(0, -1).replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter))));
  return 'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23] === id.at(-1);
}

const ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
/** Italian codice fiscale: a letter from all others, counted differently on odd places. */
export function isCodiceFiscale(text: string): boolean {
  const code = text.toUpperCase();
  const sum = [...code.slice(0, 15)].reduce((total, character, i) => {
    const value = /\d/.test(character) ? Number(character) : character.charCodeAt(0) - 65;
    return total + (i % 2 === 0 ? (ODD[value] ?? 0) : value);
  }, 0);
  return String.fromCharCode(65 + (sum % 26)) === code[15];
}

/** Polish PESEL. */
export function isPesel(text: string): boolean {
  const d = digitsOf(text);
  return d.length === 11 && (10 - (weighted(d, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10 === d[10];
}

/** Dutch citizen service number: the eleven test. */
export function isBsn(text: string): boolean {
  const d = digitsOf(text);
  return d.length === 9 && weighted(d, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0;
}

/** Brazilian CPF: two check digits. */
export function isCpf(text: string): boolean {
  const d = digitsOf(text);
  const check = (length: number): number => {
    const sum = d.slice(0, length).reduce((total, digit, i) => total + digit * (length + 1 - i), 0);
    return ((sum * 10) % 11) % 10;
  };
  return d.length === 11 && new Set(d).size > 1 && check(9) === d[9] && check(10) === d[10];
}

const D5 = [0, 1, 2, 3, 4, 1, 2, 3, 4, 0, 2, 3, 4, 0, 1, 3, 4, 0, 1, 2, 4, 0, 1, 2, 3];
/** The product of two elements of the dihedral group of the pentagon, as digits. */
function dihedral(a: number, b: number): number {
  const [x, y] = [a % 5, b % 5];
  const sum = D5[x * 5 + y] ?? 0;
  const difference = (x - y + 5) % 5;
  if (a < 5) return b < 5 ? sum : sum + 5;
  return b < 5 ? difference + 5 : difference;
}

const PERMUTATION = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
/** Verhoeff's check, which Aadhaar numbers pass. */
export function verhoeff(text: string): boolean {
  const permuted = (digit: number, times: number): number => {
    let out = digit;
    for (let i = 0; i < times % 8; i += 1) out = PERMUTATION[out] ?? 0;
    return out;
  };
  return [...digitsOf(text)].reverse().reduce((c, digit, i) => dihedral(c, permuted(digit, i)), 0) === 0;
}

/** Australian tax file number: weights, modulus 11. */
export function isTfn(text: string): boolean {
  const d = digitsOf(text);
  return d.length === 9 && weighted(d, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0;
}

/** Singapore's NRIC and FIN: a letter from a weighted sum, by series. */
export function isNric(text: string): boolean {
  const series = text.slice(0, 1).toUpperCase();
  const sum = weighted(digitsOf(text), [2, 7, 6, 5, 4, 3, 2]) + ('TG'.includes(series) ? 4 : series === 'M' ? 3 : 0);
  const letters = 'ST'.includes(series) ? 'JZIHGFEDCBA' : series === 'M' ? 'XWUTRQPNJLK' : 'XWUTRQPNMLK';
  const place = series === 'M' ? 10 - (sum % 11) : sum % 11;
  return letters[place] === text.slice(-1).toUpperCase();
}

const VIN_VALUES = '0123456789.ABCDEFGH..JKLMN.P.R..STUVWXYZ';
/** Vehicle identification number (ISO 3779 with North America's check digit). */
export function isVin(text: string): boolean {
  const values = [...text.toUpperCase()].map((c) => VIN_VALUES.indexOf(c) % 10);
  const rest = weighted(values, [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
  return (rest === 10 ? 'X' : String(rest)) === text[8]?.toUpperCase();
}
