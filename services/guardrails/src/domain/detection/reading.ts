import type { Views } from './views/all-views.js';
import type { Literals } from './views/literals.js';
import { squeezed } from './views/respelled.js';
import type { View } from './views/view.js';

/** A view with what else is made of it, once, when a rule asks for it. */
export class Reading {
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

/** Everything that is read of a text. It is made once, however many packs look at it. */
export class Readings {
  readonly words: readonly Reading[];
  readonly values: readonly Reading[];

  constructor(readonly views: Views) {
    this.words = views.words.map((view, index) => new Reading(view, index === 0));
    this.values = views.values.map((view, index) => new Reading(view, index === 0));
  }
}
