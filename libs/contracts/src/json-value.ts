import { z } from 'zod';
import { MAX_JSON_DEPTH } from './limits.js';

/** Looks without recursion: what it guards against is a value that no recursive reader survives. */
function isShallow(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    const inner = level.filter((v): v is object => typeof v === 'object' && v !== null);
    if (inner.length > 0 && depth === MAX_JSON_DEPTH) return false;
    level = inner.flatMap((v): unknown[] => Object.values(v));
  }
  return true;
}

/** Any JSON of a stranger, as it is, at most {@link MAX_JSON_DEPTH} lists and objects deep; deeper is refused before anything walks through it. */
export const jsonValueSchema = z
  .unknown()
  .refine(isShallow, `must be JSON at most ${MAX_JSON_DEPTH} levels deep`)
  .pipe(z.json());
