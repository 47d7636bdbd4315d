import { DECODERS, INVISIBLE_DECODERS } from './decoders/all-decoders.js';
import type { Decoder } from './decoders/decoder.js';
import { folded } from './folded.js';
import { normalised } from './normalised.js';
import { unleeted, unspaced } from './respelled.js';
import type { View } from './view.js';

const MAX_DECODED = 10;

/** A text in every way that it is looked at. */
export interface Views {
  readonly original: View;
  /** For values, which are found as they are written: the original, what is hidden in it between other characters, and what it holds encoded. */
  readonly values: readonly View[];
  /** For words, which people recognise in many spellings. */
  readonly words: readonly View[];
  /** Whether it holds more layers of encoding than are decoded. */
  readonly overflow: boolean;
}

/** Makes the views of a text: normalised, folded, respelled, and decoded to depth two. */
export function viewsOf(original: View): Views {
  const base = normalised(original);
  const first = [...decodedBy(INVISIBLE_DECODERS, original), ...decodedBy(DECODERS, base)].map(normalised);
  const second = first.flatMap((view) => decodedBy(otherDecoders(view), view)).map(normalised);
  const decoded = [...first, ...second];
  const kept = decoded.slice(0, MAX_DECODED);
  return {
    original,
    values: [original, ...(base.name === 'original' ? [] : [base]), ...kept],
    words: [base, ...kept].flatMap(spellings),
    overflow: decoded.length > MAX_DECODED,
  };
}

function decodedBy(decoders: readonly Decoder[], from: View): readonly View[] {
  const views: View[] = [];
  for (const decoder of decoders) {
    if (decoder.needs !== undefined && !from.traits[decoder.needs]) continue;
    const view = decoder.view(from);
    if (view !== undefined) views.push(view.named(decoder.name).excerpt(MARGIN));
  }
  return views;
}

/** Turning twice is turning back, and a second shift is only another shift. */
const CIPHERS = ['rot13', 'reversed', 'atbash', 'caesar'];

function otherDecoders({ name }: View): readonly Decoder[] {
  const turned = CIPHERS.includes(name);
  return DECODERS.filter((decoder) => !(turned && CIPHERS.includes(decoder.name) && decoder.name !== 'reversed'));
}

/** Longer than anything that a rule for words matches on one side of what was rewritten. */
const MARGIN = 400;

function spellings(view: View): readonly View[] {
  const plain = folded(view);
  const joined = unspaced(plain);
  const respelled = [plain, joined, ...unleeted(joined)].filter((other) => other !== view);
  return [view, ...[...new Set(respelled)].map((other) => other.excerpt(MARGIN))];
}
