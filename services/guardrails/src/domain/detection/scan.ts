import type { Reading, Readings } from './reading.js';
import type { Rule, RulePack } from './rule.js';
import { needlesOf, type Needles } from './views/needles.js';
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

/** Runs the rules of packs over what is read of a text; undefined when the time ran out. The same stretch found by the same rule in several views is one hit. */
export function scan(readings: Readings, packs: readonly RulePack[], budget: Budget): readonly Hit[] | undefined {
  const hits = new Map<string, Hit>();
  for (const { pack, rule, view } of runs(readings, packs)) {
    if (budget.expired()) return undefined;
    if (rule === undefined) continue;
    for (const hit of matchesIn(view, rule, pack.name)) {
      const key = `${rule.id} ${hit.start} ${hit.end}`;
      if (!hits.has(key)) hits.set(key, hit);
    }
  }
  return [...hits.values()];
}

/** A rule that is to be tried on a view; none where only the time is to be asked for. */
interface Run {
  readonly pack: RulePack;
  readonly rule: Rule | undefined;
  readonly view: View;
}

/** Every rule that may match, with every view that it reads; before each view once the view alone, for the rules that were ruled out took time too. */
function* runs(readings: Readings, packs: readonly RulePack[]): Generator<Run> {
  for (const pack of packs)
    for (const reading of readings[pack.reads]) {
      yield { pack, rule: undefined, view: reading.view };
      for (const [rule, view] of toTry(pack, reading, readings.views.original)) yield { pack, rule, view };
    }
}

/** The rules of a pack that may match in a reading, with the view to try each on. */
function toTry(pack: RulePack, reading: Reading, original: View): readonly (readonly [rule: Rule, view: View])[] {
  const { inView, inLetters } = needsOf(pack);
  const held = reading.view.literals.satisfied(inView);
  const letters = inLetters === undefined ? undefined : reading.letters.satisfied(inLetters);
  const out: (readonly [Rule, View])[] = [];
  for (let index = 0; index < pack.rules.length; index += 1) {
    const rule = pack.rules[index];
    if (rule === undefined) continue;
    if (held[index] === 1) out.push([rule, reading.view]);
    else if (letters?.[index] === 1) out.push([rule, reading.squeezed]);
    else if (rule.on === 'original' && reading.first) out.push([rule, original]);
  }
  return out;
}

/** What the rules of a pack need, by index: those that look at a view, and those that look at its letters alone. */
interface PackNeeds {
  readonly inView: Needles;
  readonly inLetters: Needles | undefined;
}

const NEEDS = new WeakMap<RulePack, PackNeeds>();

function needsOf(pack: RulePack): PackNeeds {
  const known = NEEDS.get(pack);
  if (known !== undefined) return known;
  const of = (on: Rule['on']): Needles => needlesOf(pack.rules.map((rule) => (rule.on === on ? rule.needs : 'never')));
  const needs: PackNeeds = {
    inView: of(undefined),
    inLetters: pack.rules.some(({ on }) => on === 'squeezed') ? of('squeezed') : undefined,
  };
  NEEDS.set(pack, needs);
  return needs;
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
