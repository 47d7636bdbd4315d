import { z } from 'zod';
import * as contracts from '../index.js';

/** A schema of the contracts under its name in the reference, with the sentence that stands above it in the code. */
export interface NamedSchema {
  /** The exported name without `Schema`, in kebab-case. */
  readonly name: string;
  readonly schema: z.ZodType;
  readonly description: string;
}

/**
 * Every schema that the library exports, in alphabetical order. `sources` is the text of its source files: descriptions are its docblocks.
 * Throws when an exported schema has none.
 */
export function namedSchemas(sources: string): readonly NamedSchema[] {
  return Object.entries<unknown>(contracts)
    .flatMap(([symbol, schema]) =>
      schema instanceof z.ZodType
        ? [{ name: kebab(symbol.replace(/Schema$/, '')), schema, description: docblockOf(sources, symbol) }]
        : [],
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function kebab(symbol: string): string {
  return symbol.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The text of the docblock above an exported constant, on one line, links as plain words. */
function docblockOf(sources: string, symbol: string): string {
  const end = sources.indexOf(`\nexport const ${symbol} `);
  const start = sources.lastIndexOf('/**', end);
  const block = end === -1 || start === -1 ? '' : sources.slice(start, end);
  if (!block.endsWith('*/') || block.indexOf('*/') !== block.length - 2) throw new Error(`no docblock above ${symbol}`);
  return block
    .slice(3, -2)
    .replaceAll(/\n\s*\*/g, ' ')
    .replaceAll(/\{@link ([^}]+)\}/g, '$1')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
