import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';

const rowSchema = z.object({
  text: z.string(),
  label: z.union([z.literal(0), z.literal(1)]),
  source: z.string(),
  split: z.string().optional(),
  family: z.string().optional(),
  spans: z.array(z.object({ type: z.string(), start: z.number(), end: z.number() })).optional(),
});

/** A labelled text. */
export type Row = z.infer<typeof rowSchema>;

/** The files that an evaluation reads. */
export const FILES = ['injection-train', 'injection-dev', 'pii', 'secrets'] as const;
/** One of them. */
export type FileName = (typeof FILES)[number];

/** There is no labelled text where it was looked for. */
export class NoData extends Error {}

/** Reads `<name>.jsonl.gz` of a folder. */
export function readRows(folder: string, name: FileName): readonly Row[] {
  const path = join(folder, `${name}.jsonl.gz`);
  if (!existsSync(path))
    throw new NoData(
      `there is no "${path}": name the folder of the labelled texts with --data DIR (files ${FILES.join(', ')}, each .jsonl.gz)`,
    );
  return gunzipSync(readFileSync(path))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => rowSchema.parse(JSON.parse(line)));
}
