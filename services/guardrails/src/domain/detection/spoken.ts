import { Document } from './document.js';
import type { Field } from './fields.js';
import type { Origin } from './finding.js';
import { Readings } from './reading.js';
import { viewsOf } from './views/all-views.js';
import { View } from './views/view.js';

/** A field with its index in the body. */
export type Indexed = readonly [index: number, field: Field];

/** A document with what is read of it. */
export interface ReadDocument {
  readonly document: Document;
  readonly readings: Readings;
}

/** What of a body comes from one origin. Views are the dear part of a detection, so they are made once for all guardrails that look at the body. */
export class Spoken {
  #whole: ReadDocument | undefined;
  #across: readonly ReadDocument[] | undefined;

  constructor(
    readonly origin: Origin,
    readonly fields: readonly Indexed[],
  ) {}

  /** All fields as one text, each for itself. */
  get whole(): ReadDocument {
    return (this.#whole ??= read(new Document(this.fields)));
  }

  /** Of each part with more than one string of JSON: the strings as one text. */
  get across(): readonly ReadDocument[] {
    return (this.#across ??= partsOf(this.fields).map((part) => read(new Document(part, ' '))));
  }
}

const ORIGINS: readonly Origin[] = ['instruction', 'data', 'agent_output'];
const KNOWN = new WeakMap<readonly Field[], readonly Spoken[]>();

/** The fields of a body by origin. The same list gives the same objects, with what was already read of them. */
export function spokenIn(fields: readonly Field[]): readonly Spoken[] {
  const known = KNOWN.get(fields);
  if (known !== undefined) return known;
  const indexed = [...fields.entries()];
  const spoken = ORIGINS.flatMap((origin) => {
    const own = indexed.filter(([, field]) => field.origin === origin);
    return own.length === 0 ? [] : [new Spoken(origin, own)];
  });
  KNOWN.set(fields, spoken);
  return spoken;
}

function read(document: Document): ReadDocument {
  return { document, readings: new Readings(viewsOf(View.original(document.text))) };
}

function partsOf(fields: readonly Indexed[]): readonly (readonly Indexed[])[] {
  const parts = new Map<number, Indexed[]>();
  for (const one of fields) {
    const [, { leaf, part }] = one;
    if (leaf !== 'string') continue;
    const strings = parts.get(part);
    if (strings === undefined) parts.set(part, [one]);
    else strings.push(one);
  }
  return [...parts.values()].filter((strings) => strings.length > 1);
}
