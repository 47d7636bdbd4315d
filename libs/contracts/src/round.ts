import { utf8 } from '@countersign/primitives';
import { z } from 'zod';
import { reasonCodeSchema } from './codes.js';
import { RETRY_STRATEGIES } from './guardrail.js';
import { CONTROLS, digestSchema, instantSchema, microsSchema, uuidSchema } from './identities.js';

const count = z.number().int().min(1).max(10_000);

/** A reason that an approval covers. */
export const coveredSchema = z.object({
  service: z.enum(CONTROLS),
  code: reasonCodeSchema,
  id: z.string().max(200).optional(),
});
/** A reason that an approval covers. */
export type Covered = z.infer<typeof coveredSchema>;

/** Line 0 of a later evaluation; the task's original bytes follow after one line feed. */
export const roundLineSchema = z.object({
  v: z.literal(1),
  task: uuidSchema,
  attempt: count,
  round: count,
  digest: digestSchema,
  connection: uuidSchema,
  covered: z.array(coveredSchema),
  estimateMicros: microsSchema.optional(),
  priceBookVersion: z.number().int().optional(),
  replaces: z
    .discriminatedUnion('how', [
      z.object({ attempt: count, how: z.literal('RELEASE') }),
      z.object({ attempt: count, how: z.literal('SETTLE'), micros: microsSchema }),
    ])
    .optional(),
  /** Of an attempt that output screening asked for: how it differs from the one before. */
  retry: z.object({ strategy: z.enum(RETRY_STRATEGIES), number: z.number().int().min(1).max(3) }).optional(),
  at: instantSchema,
});
/** Line 0 of a later evaluation. */
export type RoundLine = z.infer<typeof roundLineSchema>;

/** Writes a round's message: one JSON line, a line feed, the original bytes. */
export function encodeRound(line: RoundLine, body: Uint8Array): Buffer {
  return Buffer.concat([utf8(`${JSON.stringify(line)}\n`), body]);
}

/** Reads a round's message; undefined when line 0 is not a round's. */
export function decodeRound(message: Uint8Array): { readonly line: RoundLine; readonly body: Buffer } | undefined {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  const end = bytes.indexOf(10);
  if (end === -1) return undefined;
  const line = roundLineSchema.safeParse(parseJson(bytes.subarray(0, end)));
  return line.success ? { line: line.data, body: bytes.subarray(end + 1) } : undefined;
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
