import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isScalar, parseDocument, type Pair, type YAMLMap } from 'yaml';
import { CHART } from './paths.js';

/** One value of the chart: where it stands, what it is unless said otherwise, and what it means. */
export interface ValueRow {
  readonly key: string;
  readonly default: string;
  readonly meaning: string;
}

/** Every value that has a meaning, in the order of `values.yaml`. A comment `# -- …` above a key gives it one, and ends the descent. */
export function valueRows(text = readFileSync(join(CHART, 'values.yaml'), 'utf8')): readonly ValueRow[] {
  const { contents } = parseDocument(text);
  if (!isMap(contents)) throw new Error('values.yaml holds no mapping');
  return rowsOf(contents, '');
}

function rowsOf(map: YAMLMap, path: string): readonly ValueRow[] {
  return map.items.flatMap((pair, i) => {
    const key = isScalar(pair.key) ? `${path}${String(pair.key.value)}` : path;
    const meaning = meaningOf(i === 0 && path !== '' ? (map.commentBefore ?? commentOf(pair)) : commentOf(pair));
    const value = pair.value;
    if (meaning !== undefined) return [{ key, default: JSON.stringify(jsOf(value)), meaning }];
    return isMap(value) ? rowsOf(value, `${key}.`) : [{ key, default: JSON.stringify(jsOf(value)), meaning: '' }];
  });
}

function commentOf({ key }: Pair): string | undefined {
  return isScalar(key) ? (key.commentBefore ?? undefined) : undefined;
}

/** The last `-- …` of a comment. */
function meaningOf(comment: string | undefined): string | undefined {
  return comment
    ?.split('\n')
    .filter((line) => line.startsWith(' -- '))
    .at(-1)
    ?.slice(4);
}

function jsOf(value: unknown): unknown {
  return value !== null && typeof value === 'object' && 'toJSON' in value
    ? (value as { toJSON: () => unknown }).toJSON()
    : value;
}
