/**
 * Letters that look like Latin ones, from the facts of Unicode's confusables (UTS #39) for the scripts that are used to disguise Latin text, after compatibility
 * forms are gone. Each line is a Latin letter and what passes for it.
 */
const LOOK_ALIKES: Readonly<Record<string, string>> = {
  a: 'аɑαᴀꭺ',
  b: 'ЬʙᏏƅɓ',
  c: 'сϲᴄⅽᏟꮯɕ',
  d: 'ԁⅾᴅɗđժꭰ',
  e: 'еҽєɛεᴇꬲ℮ə',
  f: 'ғꜰƒꬵϝք',
  g: 'ɡցɢԍɠǥ',
  h: 'һհʜɦħᏂ',
  i: 'іɩιɪıӏꙇ',
  j: 'јϳᴊɉ',
  k: 'кκᴋƙқ',
  l: 'ⅼʟɭłƖᏞ',
  m: 'мᴍɱⅿ',
  n: 'ոռηɴпɲƞ',
  o: 'оοᴏօσøଠ૦ဝɵөⲟ',
  p: 'рρᴘϱⲣƥ',
  q: 'ԛգզɋ',
  r: 'гᴦʀɾⲅꭇ',
  s: 'ѕꜱʂᏚ',
  t: 'тτᴛƭŧҭ',
  u: 'υսᴜʋцս',
  v: 'ѵνᴠⅴ',
  w: 'ԝաᴡωɯшѡ',
  x: 'хχⅹ᙮ⲭ',
  y: 'уγʏүყƴ',
  z: 'ᴢʐƶʑ',
  A: 'АΑᎪ',
  B: 'ВΒᏴ',
  C: 'СϹⅭ',
  D: 'ᎠⅮĐ',
  E: 'ЕΕᎬ',
  F: 'ϜҒ',
  G: 'ԌᏀ',
  H: 'НΗᎻ',
  I: 'ІΙӀ',
  J: 'ЈᎫ',
  K: 'КΚᏦ',
  L: 'ᏞⅬŁ',
  M: 'МΜᎷⅯ',
  N: 'ΝⲚ',
  O: 'ОΟՕØ',
  P: 'РΡᏢ',
  Q: 'Ԛ',
  R: 'ᎡᏒ',
  S: 'ЅՏᏕ',
  T: 'ТΤᎢ',
  U: 'ՍᑌԱ',
  V: 'ѴᏙⅤ',
  W: 'ԜᎳ',
  X: 'ХΧⅩ',
  Y: 'УΥҮᎩ',
  Z: 'ΖᏃ',
};

/** Rows of emblems whose 26 members stand for A to Z and that no normalisation folds: negative circled, negative squared, regional indicators. */
const EMBLEMS = [0x1f150, 0x1f170, 0x1f1e6];

function table(): ReadonlyMap<string, string> {
  const out = new Map<string, string>();
  for (const [latin, others] of Object.entries(LOOK_ALIKES)) for (const other of others) out.set(other, latin);
  for (const first of EMBLEMS)
    for (let i = 0; i < 26; i += 1) out.set(String.fromCodePoint(first + i), String.fromCharCode(0x61 + i));
  return out;
}

/** The Latin letter that a character passes for. */
export const CONFUSABLES: ReadonlyMap<string, string> = table();
