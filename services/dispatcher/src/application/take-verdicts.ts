import { isUtf8 } from 'node:buffer';
import { Injectable } from '@nestjs/common';
import {
  CONTROLS,
  MAX_VERDICT_LINE,
  verdictFrameItemSchema,
  type VerdictFrameItem,
  type WithdrawItem,
} from '@countersign/contracts';
import { FrameReader, type ReceivedItem, type StreamMessage } from '@countersign/bus';
import { EvaluationBoard, type OpenEvaluation } from './evaluation-board.js';

/** What a frame of verdicts led to. */
export interface TakenVerdicts {
  /** Evaluations that are complete by it. */
  readonly complete: readonly OpenEvaluation[];
  readonly withdrawn: readonly WithdrawItem[];
}

const NOTHING: TakenVerdicts = { complete: [], withdrawn: [] };

/** Puts the verdicts of a frame on the board. A frame that does not verify counts for nothing, and its control's missing verdicts have that cause. */
@Injectable()
export class TakeVerdicts {
  constructor(
    private readonly frames: FrameReader,
    private readonly board: EvaluationBoard,
  ) {}

  /** Takes one message of `flow.<lane>.vd.<control>`. */
  take(message: StreamMessage): TakenVerdicts {
    const control = CONTROLS.find((name) => name === message.subject.split('.')[3]);
    if (control === undefined) return NOTHING;
    const items: readonly ReceivedItem<VerdictFrameItem>[] = this.frames.read(message, verdictFrameItemSchema);
    if (items.length === 0) {
      this.board.invalidFrame(control, 'signature');
      return NOTHING;
    }
    const complete = items.flatMap(({ item, ref, line, streamAt }) =>
      item.type === 'verdict'
        ? (this.board.verdict({ control, verdict: item, received: { ref, at: streamAt, ...lineOf(line) } }) ?? [])
        : [],
    );
    return { complete, withdrawn: items.flatMap(({ item }) => (item.type === 'withdraw' ? [item] : [])) };
  }
}

/** The line for the record. One that is too long, or no UTF-8, is left to its leaf. */
function lineOf(bytes: Buffer): { readonly line?: string } {
  return bytes.length <= MAX_VERDICT_LINE && isUtf8(bytes) ? { line: bytes.toString('utf8') } : {};
}
