import { assertNever } from '@countersign/primitives';
import type { Rule, RulePack } from './rule.js';
import type { Views } from './views/all-views.js';
import type { Literals } from './views/literals.js';
import { squeezed } from './views/respelled.js';
import type { Span, View } from './views/view.js';

/** A rule that matched, with offsets in the original of the view. */
export interface Hit extends Span {
  readonly rule: Rule;
  readonly pack: string;
  readonly view: string;
}

/** Time that a detection may take; asked between rules. */
export interface Budget {
  expired(): boolean;
}

const WINDOW = 256 * 1024;
const OVERLAP = 4 * 1024;

/** What else is made of a view, once, when a rule asks for it. */
class Reading {
  #letters: Literals | undefined;
  #squeezed: View | undefined;

  constructor(
    readonly view: View,
    /** Whether it is the first of its kind: rules on the original look once, not once a view. */
    readonly first: boolean,
  ) {}

  /** What literals occur in its letters alone; tells whether the squeezed view has to be made at all. */
  get letters(): Literals {
    return (this.#letters ??= this.view.literals.letters());
  }

  get squeezed(): View {
    return (this.#squeezed ??= squeezed(this.view));
  }
}

/** Runs the rules of packs over the views of a text; undefined when the time ran out. The same stretch found by the same rule in several views is one hit. */
export function scan(views: Views, packs: readonly RulePack[], budget: Budget): readonly Hit[] | undefined {
  const hits = new Map<string, Hit>();
  for (const [pack, rule, reading] of runs(views, packs)) {
    if (budget.expired()) return undefined;
    for (const hit of hitsOf(rule, pack.name, reading, views)) {
      const key = `${rule.id} ${hit.start} ${hit.end}`;
      if (!hits.has(key)) hits.set(key, hit);
    }
  }
  return [...hits.values()];
}

/** Every rule with every view that it reads; what is made of a view is made once for all packs. */
function* runs(
  views: Views,
  packs: readonly RulePack[],
): Generator<readonly [pack: RulePack, rule: Rule, reading: Reading]> {
  const readings = {
    words: views.words.map((view, index) => new Reading(view, index === 0)),
    values: views.values.map((view, index) => new Reading(view, index === 0)),
  };
  for (const pack of packs)
    for (const reading of readings[pack.reads]) for (const rule of pack.rules) yield [pack, rule, reading];
}

function hitsOf(rule: Rule, pack: string, reading: Reading, views: Views): readonly Hit[] {
  if (rule.on === undefined) return mayHold(reading.view.literals, rule) ? matchesIn(reading.view, rule, pack) : [];
  switch (rule.on) {
    case 'original':
      return reading.first ? matchesIn(views.original, rule, pack) : [];
    case 'squeezed':
      return mayHold(reading.letters, rule) ? matchesIn(reading.squeezed, rule, pack) : [];
    default:
      return assertNever(rule.on);
  }
}

function mayHold(literals: Literals, { needs }: Rule): boolean {
  return needs.length === 0 || literals.hasAny(needs);
}

function matchesIn(view: View, rule: Rule, pack: string): readonly Hit[] {
  const hits: Hit[] = [];
  for (const offset of windowsOf(view.text.length)) {
    const text = view.text.length <= WINDOW ? view.text : view.text.slice(offset, offset + WINDOW);
    for (const { start, end } of confirmedIn(text, rule))
      hits.push({ rule, pack, view: view.name, ...view.span(offset + start, offset + end) });
  }
  return hits;
}

/** Matches that are confirmed. Behind one that is not, the search goes on one unit further: what is looked for may begin inside of it. */
function* confirmedIn(text: string, { pattern, confirm }: Rule): Generator<Span> {
  pattern.lastIndex = 0;
  for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
    const { 0: match, index } = found;
    if (match === '' || (confirm !== undefined && !confirm(match, text, index))) pattern.lastIndex = index + 1;
    else yield { start: index, end: index + match.length };
  }
}

/** Where windows over a text of that length begin; each overlaps the one before. */
export function windowsOf(length: number): readonly number[] {
  const starts = [0];
  for (let at = WINDOW - OVERLAP; at + OVERLAP < length; at += WINDOW - OVERLAP) starts.push(at);
  return starts;
}
