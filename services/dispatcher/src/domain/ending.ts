import type { CodeRef, TerminalState } from '@countersign/contracts';
import type { Claim, TaskRecord } from './model.js';

/** How a task ends. `now` in ms. */
export interface Ending {
  readonly now: number;
  readonly cause: string;
  readonly codes: readonly CodeRef[];
  readonly claim?: Claim;
  readonly actor?: string;
  readonly chargedMicros?: string | undefined;
}

/** The row at its end: without timers and clocks, with the first code as the primary one. */
export function end(
  row: TaskRecord,
  state: TerminalState,
  { now, cause, codes, claim = row.claim, actor, chargedMicros }: Ending,
): { readonly record: TaskRecord; readonly cause: string; readonly actor?: string } {
  const { timerAt: _timer, clockLeft: _left, primary: _primary, ...rest } = row;
  const primary = codes[0]?.code;
  const record: TaskRecord = {
    ...rest,
    state,
    claim,
    codes,
    endedAt: now,
    ...(primary === undefined ? {} : { primary }),
    ...(chargedMicros === undefined ? {} : { chargedMicros }),
  };
  return { record, cause, ...(actor === undefined ? {} : { actor }) };
}
