import type { Field } from './fields.js';
import { BARRIER } from './views/barrier.js';
import type { Span } from './views/view.js';

/** Where a stretch of a document stands: in one field, or from one into another. */
export interface Place extends Span {
  readonly field: number;
  readonly crosses: boolean;
}

/** Several fields as one text, so that rules run once however many leaves a body has. */
export class Document {
  readonly text: string;
  readonly #fields: readonly number[];
  readonly #starts: readonly number[];
  readonly #lengths: readonly number[];

  /** Joins fields; between them stands `separator`, which no text holds when it is the barrier. */
  constructor(fields: readonly (readonly [index: number, field: Field])[], separator: string = BARRIER) {
    const texts = fields.map(([, { text }]) => text.replaceAll(BARRIER, ' '));
    const starts: number[] = [];
    let at = 0;
    for (const text of texts) {
      starts.push(at);
      at += text.length + separator.length;
    }
    this.text = texts.join(separator);
    this.#fields = fields.map(([index]) => index);
    this.#starts = starts;
    this.#lengths = texts.map((text) => text.length);
  }

  /** The field that a stretch begins in, with offsets in that field; what reaches beyond the field is cut off. */
  place({ start, end }: Span): Place {
    const first = this.#indexAt(start);
    const from = this.#starts[first] ?? 0;
    const length = this.#lengths[first] ?? 0;
    return {
      field: this.#fields[first] ?? 0,
      start: Math.min(start - from, length),
      end: Math.min(end - from, length),
      crosses: end - from > length,
    };
  }

  #indexAt(unit: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= unit) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
