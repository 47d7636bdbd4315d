import { z } from 'zod';
import { MAX_JSON_DEPTH } from './limits.js';

/** Any JSON. */
type JsonValue = z.infer<ReturnType<typeof z.json>>;

/** A parser leaves this key out in silence: what stood under it would be delivered without ever having been screened. */
const HIDDEN = '__proto__';

const RULE = `must be JSON at most ${MAX_JSON_DEPTH} levels deep, without a key ${HIDDEN}`;

/** Whether this is JSON, at most so deep and without the hidden key; it goes no deeper than that, so no value is too deep for it. */
function isTame(value: unknown, depth = 0): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || depth === MAX_JSON_DEPTH) return false;
  // not `every`, which passes over holes
  if (Array.isArray(value)) return Array.from(value).every((inner) => isTame(inner, depth + 1));
  if (!isPlain(value) || Object.hasOwn(value, HIDDEN)) return false;
  return Object.values(value).every((inner) => isTame(inner, depth + 1));
}

/** Whether an object is no instance of a class, whatever realm it comes from. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * Any JSON of a stranger, as it is: at most {@link MAX_JSON_DEPTH} lists and objects in each other, and no key `__proto__`. Anything else is
 * refused before any part of the program walks through it.
 */
export const jsonValueSchema = z
  .unknown()
  // a part without data is another kind of part, not one with bad data
  .refine((value) => value !== undefined, { error: RULE, abort: true })
  .refine((value): value is JsonValue => isTame(value), RULE);
