import { BARRIER } from './barrier.js';
import { rewrite, type View } from './view.js';

/** Characters that show nothing (Unicode's default-ignorable ones), annotation marks and controls other than white space. */
const INVISIBLE = /(?:(?![\t-\r\x85])[\p{Cc}\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB])+/gu;
/** A letter with the marks on it, or any other character beyond ASCII. The half-width voiced marks are marks once folded. */
const CLUSTER = /[^\u2028](?:\p{M}|[\uFF9E\uFF9F])+|(?!\u2028)\P{ASCII}/gu;
/** White space that is not one space; the pattern of Braille without dots looks like one. */
const WHITE_SPACE = /(?:(?! )[\s\x85\u2800]| (?=[\s\x85\u2800]))[\s\x85\u2800]*/g;
/** A word parted at the end of a line. */
const PARTED = /(?<=[a-z])-\r?\n[ \t]{0,20}(?=[a-z])/g;

const asSpace = (match: string): string => (match.includes(BARRIER) ? BARRIER : ' ');

/**
 * The copy that rules look at: invisible characters removed, compatibility forms folded (NFKC), white space as one space. It keeps the name of the view that it
 * came from when only white space changed, because nothing was hidden then.
 */
export function normalised(view: View): View {
  const visible = view.traits.invisible ? rewrite(view, 'normalised', INVISIBLE, () => '') : view;
  const composed = visible.traits.nonAscii
    ? rewrite(visible, 'normalised', CLUSTER, (match) => match.normalize('NFKC'))
    : visible;
  const whole = composed.traits.lineBreak ? rewrite(composed, composed.name, PARTED, () => '') : composed;
  return whole.traits.whiteSpace ? rewrite(whole, whole.name, WHITE_SPACE, asSpace) : whole;
}
