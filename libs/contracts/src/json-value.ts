import { z } from 'zod';
import { MAX_JSON_DEPTH } from './limits.js';

/** A parser leaves this key out in silence: what stood under it would be delivered without ever having been screened. */
const HIDDEN = '__proto__';

/** Looks without recursion: a value that is too deep survives no recursive reader. */
function isTame(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    const inner = level.filter((v): v is object => typeof v === 'object' && v !== null);
    if (inner.length > 0 && depth === MAX_JSON_DEPTH) return false;
    if (inner.some((v) => Object.hasOwn(v, HIDDEN))) return false;
    level = inner.flatMap((v): unknown[] => Object.values(v));
  }
  return true;
}

/**
 * Any JSON of a stranger, as it is: at most {@link MAX_JSON_DEPTH} lists and objects in each other, and no key `__proto__`. Anything else is
 * refused before any part of the program walks through it.
 */
export const jsonValueSchema = z
  .unknown()
  .refine(isTame, `must be JSON at most ${MAX_JSON_DEPTH} levels deep, without a key ${HIDDEN}`)
  .pipe(z.json());
