import { CONFUSABLES } from './confusables.js';
import { rewrite, type View } from './view.js';

const FOLDABLE = /(?!\u2028)\P{ASCII}/gu;
const MARKS = /\p{M}+/gu;

function plain(character: string): string {
  const base = character.normalize('NFKD').replace(MARKS, '');
  let out = '';
  for (const one of base) out += CONFUSABLES.get(one) ?? one;
  return out;
}

/** Letters without their marks, and letters of other scripts as the Latin ones that they look like. */
export function folded(view: View): View {
  return view.traits.nonAscii ? rewrite(view, 'folded', FOLDABLE, plain) : view;
}
