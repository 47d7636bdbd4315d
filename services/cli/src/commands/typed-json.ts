import { NEUTRAL_SURFACE, surfaceSchema, type Surface } from '@countersign/contracts';
import { UsageError } from '../usage-error.js';

/** The capability surface that somebody typed: neutral but for the fields that are named. */
export function surfaceOf(text: string): Surface {
  const surface = surfaceSchema.safeParse({ ...NEUTRAL_SURFACE, ...parseJson(text, '--surface') });
  if (surface.success) return surface.data;
  const [issue] = surface.error.issues;
  const field = issue?.path.join('.') ?? '';
  throw new UsageError(
    `--surface${field === '' ? '' : ` ${field}`}: ${issue?.message ?? 'not valid'} (there are: ${Object.keys(NEUTRAL_SURFACE).join(', ')})`,
  );
}

/** Parses JSON that somebody typed. */
export function parseJson(text: string, option: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // told below
  }
  throw new UsageError(`${option} must be a JSON object such as {"taskTypes":["code_review"]}`);
}
