import { formatDigest } from '@countersign/primitives';
import { asksForMore, isOfNewerType, ITEM_TYPES, parseAs, signerOfFlow, type Signer } from '@countersign/contracts';
import { openFrame, type TrustBundle } from '@countersign/identity';
import type { ZodType } from 'zod';
import type { FrameRef } from './frame-writer.js';
import { jsonOf, type StreamMessage } from './messages.js';

/** A frame, or an item in one, that does not count. It decides nothing and raises a CRITICAL alert event. */
export interface InvalidFrame {
  readonly subject: string;
  readonly seq: number;
  readonly streamAt: number;
  readonly failure: string;
}

/** An item of a frame that verified. `streamAt` (ms) and `seq` are the frame's in its stream. */
export interface ReceivedItem<T> {
  readonly item: T;
  readonly ref: FrameRef;
  /** The item's line as it stood in the frame: its leaf in `ref` is SHA-256(0x00 ‖ these bytes). */
  readonly line: Buffer;
  readonly subject: string;
  readonly streamAt: number;
  readonly seq: number;
  readonly service: Signer;
}

/** Opens frames: the signature is checked before anything is parsed, and only the one sender that a subject belongs to counts. */
export class FrameReader {
  constructor(
    private readonly parts: { readonly bundle: TrustBundle; readonly onInvalid: (invalid: InvalidFrame) => void },
  ) {}

  /**
   * Items of a frame in order. None, and a report, for a frame that does not verify; an item that does not parse, or that only a newer release understands, is left out
   * and reported. Where `wanted` names types, an item of another type that this release knows is left out unread, without a report: it is not for this reader. Nor is a
   * frame that holds only such items, whoever signed it: reporting one that does not verify is left to those who read everything, as audit does.
   */
  read<T>(message: StreamMessage, schema: ZodType<T>, wanted?: readonly string[]): readonly ReceivedItem<T>[] {
    const { subject, seq, streamAt } = message;
    const report = (failure: string): void => this.parts.onInvalid({ subject, seq, streamAt, failure });
    const signer = signerOfFlow(subject);
    if (signer === undefined) return (report('subject'), []);
    if (wanted !== undefined && isAllForOthers(message.data, wanted)) return [];
    const opened = openFrame(this.parts.bundle, {
      subject,
      body: message.data,
      signature: message.signature,
      signers: [signer],
      at: streamAt,
    });
    if (!opened.ok) return (report(opened.failure), []);
    const { frame } = opened;
    const root = formatDigest(frame.root);
    const out: ReceivedItem<T>[] = [];
    frame.itemLines.forEach((line, index) => {
      if (wanted !== undefined && isForOthers(line, wanted)) return;
      const content = jsonOf(line);
      // the sender's signature holds, it is a release ahead: the neighbours of this item count
      if (isOfNewerType(content)) return report('newer-type');
      const item = asksForMore(content) ? undefined : parseAs(schema, content);
      if (item?.success !== true) return report('malformed');
      out.push({
        item: item.data,
        line,
        ref: { frame: root, index, leaf: formatDigest(frame.leaves[index] ?? Buffer.alloc(32)) },
        subject,
        streamAt,
        seq,
        service: frame.header.service,
      });
    });
    return out;
  }
}

/** How the line of every item begins: its writer puts the type first. */
const TYPE_FIRST = /^\{"type":"([a-z_-]{1,40})",/;
const TYPE_WITHIN = 60;
const LINE_FEED = 10;

/** Whether every item of a frame is for others. To see that costs a tenth of hashing the frame and checking its signature, for nothing. */
function isAllForOthers(body: Buffer, wanted: readonly string[]): boolean {
  let end = body.indexOf(LINE_FEED);
  if (end === -1) return false;
  while (end !== -1) {
    if (!isForOthers(body.subarray(end + 1, end + 1 + TYPE_WITHIN), wanted)) return false;
    end = body.indexOf(LINE_FEED, end + 1);
  }
  return true;
}

/** Whether this is an item of a type that is known and not wanted. It is seen without parsing, which would cost more than all else that is done with it. */
function isForOthers(line: Buffer, wanted: readonly string[]): boolean {
  const type = TYPE_FIRST.exec(line.toString('latin1', 0, TYPE_WITHIN))?.[1];
  return type !== undefined && ITEM_TYPES.includes(type) && !wanted.includes(type);
}
