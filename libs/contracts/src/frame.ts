import { merkleLeaf, merkleRoot, sha256, utf8 } from '@countersign/primitives';
import { z } from 'zod';
import { instantSchema, SIGNERS } from './identities.js';
import { MAX_FRAME_BYTES, MAX_FRAME_ITEMS } from './limits.js';

/** Line 0 of a frame. */
export const frameHeaderSchema = z.object({
  v: z.literal(1),
  service: z.enum(SIGNERS),
  kid: z.string().max(60),
  lane: z.number().int().min(0).max(63),
  at: instantSchema,
  count: z.number().int().min(1).max(MAX_FRAME_ITEMS),
});
/** Line 0 of a frame. */
export type FrameHeader = z.infer<typeof frameHeaderSchema>;

const LINE_FEED = 10;

/** A frame's bytes, what its signature covers, and the leaf of each item's line. */
export interface EncodedFrame {
  readonly body: Buffer;
  /** 64 bytes: SHA-256(line 0) ‖ Merkle root over the item lines. */
  readonly bodyHash: Buffer;
  readonly root: Buffer;
  readonly leaves: readonly Buffer[];
}

/** Writes a frame: JSON Lines, a line feed between lines and none at the end. Throws when it has no item, a RangeError when it is larger or has more items than a frame may. */
export function encodeFrame(header: Omit<FrameHeader, 'v' | 'count'>, items: readonly object[]): EncodedFrame {
  if (items.length === 0) throw new Error('a frame needs an item');
  if (items.length > MAX_FRAME_ITEMS)
    throw new RangeError(`a frame of ${items.length} items has more than ${MAX_FRAME_ITEMS}`);
  const lines = [
    utf8(JSON.stringify({ v: 1, ...header, count: items.length })),
    ...items.map((item) => utf8(JSON.stringify(item))),
  ];
  const body = Buffer.concat(lines.flatMap((line, i) => (i === 0 ? [line] : [Buffer.of(LINE_FEED), line])));
  if (body.length > MAX_FRAME_BYTES)
    throw new RangeError(`a frame of ${body.length} bytes is larger than ${MAX_FRAME_BYTES}`);
  return { body, ...hashFrame(lines) };
}

/** A frame as it was read: nothing of it is trusted before its signature verified over {@link EncodedFrame.bodyHash}. */
export interface SplitFrame extends Omit<EncodedFrame, 'body'> {
  readonly headerLine: Buffer;
  readonly itemLines: readonly Buffer[];
}

/** Splits a frame's bytes into lines and hashes them. Undefined when it has no item line or an empty one. */
export function splitFrame(body: Uint8Array): SplitFrame | undefined {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  lines.push(bytes.subarray(start));
  const [headerLine, ...itemLines] = lines;
  if (headerLine === undefined || itemLines.length === 0 || lines.some((line) => line.length === 0)) return undefined;
  return { headerLine, itemLines, ...hashFrame(lines) };
}

function hashFrame(lines: readonly Buffer[]): Omit<EncodedFrame, 'body'> {
  const [headerLine = Buffer.alloc(0), ...itemLines] = lines;
  const leaves = itemLines.map((line) => merkleLeaf(line));
  const root = merkleRoot(leaves);
  return { leaves, root, bodyHash: Buffer.concat([sha256(headerLine), root]) };
}
