/** Characters that show nothing: zero-width, bidirectional controls, tags, soft hyphen, variation selectors. */
const INVISIBLE =
  /\u034F|\u180F|[\u17B4\u17B5]|[\u180B-\u180D]|[\uFE00-\uFE0F]|[\u00AD\u061C\u115F\u1160\u180E\u200B-\u200F\u202A-\u202E\u2060-\u206F\uFEFF]|[\u{E0000}-\u{E007F}]/gu;

/** The copy that rules look at: compatibility forms folded (NFKC), invisible characters removed, white space as one space. */
export function normalise(text: string): string {
  return text.normalize('NFKC').replace(INVISIBLE, '').replace(/\s+/g, ' ');
}
