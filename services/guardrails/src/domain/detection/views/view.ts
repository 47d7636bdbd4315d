import { BARRIER } from './barrier.js';
import { Literals } from './literals.js';
import { traitsOf, type Traits } from './traits.js';

/** A stretch of UTF-16 units, `end` excluded. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** How a stretch of a view came from its parent: unit for unit, or as a whole. */
interface Run {
  readonly at: number;
  readonly from: number;
  readonly to: number;
  readonly exact: boolean;
}

/** A text as rules read it, which knows for each of its stretches what of the original it stands for. Maps compose lazily, so a view costs little until something is found. */
export class View {
  #literals: Literals | undefined;
  #traits: Traits | undefined;
  readonly #parent: View | undefined;
  readonly #runs: readonly Run[];

  private constructor(
    readonly name: string,
    readonly text: string,
    parent?: View,
    runs: readonly Run[] = [],
  ) {
    this.#parent = parent;
    this.#runs = runs;
  }

  /** The view that everything else is made from. */
  static original(text: string): View {
    return new View('original', text);
  }

  /** A view of `parent` out of the pieces of a builder. */
  static derived(name: string, text: string, parent: View, runs: readonly Run[]): View {
    return new View(name, text, parent, runs);
  }

  /** The same text under another name. */
  named(name: string): View {
    return name === this.name ? this : new View(name, this.text, this.#parent, this.#runs);
  }

  /** What literals occur in it. */
  get literals(): Literals {
    return (this.#literals ??= Literals.of(this.text));
  }

  /** What can be seen of it in one pass. */
  get traits(): Traits {
    return (this.#traits ??= traitsOf(this.text));
  }

  /** What of the original the units `start` to `end` stand for. An empty stretch stands for nothing and keeps its place. */
  span(start: number, end: number): Span {
    if (this.#parent === undefined) return { start, end };
    const first = this.#runAt(start);
    const last = this.#runAt(Math.max(start, end - 1));
    const from = first.exact ? first.from + start - first.at : first.from;
    const to = last.exact ? last.from + Math.max(start, end) - last.at : last.to;
    return this.#parent.span(from, Math.max(from, to));
  }

  /**
   * Only the neighbourhoods of what was rewritten, with a barrier between them: where nothing was rewritten the parent has been looked at already. The view itself
   * when that is most of it.
   */
  excerpt(margin: number): View {
    const kept = this.#rewritten(margin);
    if (kept.reduce((sum, { start, end }) => sum + end - start, 0) > this.text.length * 0.7) return this;
    const builder = new ViewBuilder(this);
    for (const { start, end } of kept) {
      builder.copy(start, end);
      builder.put(BARRIER, end, end);
    }
    return builder.build(this.name);
  }

  /** Stretches around what was put in, and around where something was left out. */
  #rewritten(margin: number): readonly Span[] {
    const kept: { start: number; end: number }[] = [];
    let expected = 0;
    for (const [index, { at, from, to, exact }] of this.#runs.entries()) {
      const next = this.#runs[index + 1]?.at ?? this.text.length;
      const changed = !exact ? { start: at, end: next } : from !== expected ? { start: at, end: at } : undefined;
      expected = to;
      if (changed === undefined) continue;
      const start = Math.max(0, changed.start - margin);
      const end = Math.min(this.text.length, changed.end + margin);
      const last = kept.at(-1);
      if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
      else kept.push({ start, end });
    }
    return kept;
  }

  #runAt(unit: number): Run {
    let low = 0;
    let high = this.#runs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#runs[middle]?.at ?? 0) <= unit) low = middle;
      else high = middle - 1;
    }
    return this.#runs[low] ?? { at: 0, from: 0, to: 0, exact: false };
  }
}

/** Puts a view together from left to right. */
export class ViewBuilder {
  readonly #pieces: string[] = [];
  readonly #runs: Run[] = [];
  #length = 0;

  constructor(private readonly parent: View) {}

  /** Takes units of the parent as they are. */
  copy(from: number, to: number): void {
    if (to > from) this.#add(this.parent.text.slice(from, to), { from, to, exact: true });
  }

  /** Puts `text` for the units `from` to `to` of the parent. */
  put(text: string, from: number, to: number): void {
    if (text !== '') this.#add(text, { from, to, exact: false });
  }

  /** The view so far. */
  build(name: string): View {
    return View.derived(name, this.#pieces.join(''), this.parent, this.#runs);
  }

  #add(text: string, run: Omit<Run, 'at'>): void {
    this.#pieces.push(text);
    this.#runs.push({ at: this.#length, ...run });
    this.#length += text.length;
  }
}

/** Replaces every match of a global pattern; the view itself when that changes nothing. */
export function rewrite(view: View, name: string, pattern: RegExp, replace: (match: string) => string): View {
  const builder = new ViewBuilder(view);
  let done = 0;
  let changed = false;
  for (const { 0: match, index } of view.text.matchAll(pattern)) {
    const replacement = replace(match);
    if (replacement === match) continue;
    builder.copy(done, index);
    builder.put(replacement, index, index + match.length);
    done = index + match.length;
    changed = true;
  }
  if (!changed) return view;
  builder.copy(done, view.text.length);
  return builder.build(name);
}
