import type { TaskRecord } from '../model.js';
import { applyEvent, type RowEvent } from '../row-events.js';
import type { World } from './world.js';

/** Ways in which a dispatcher or a budget could be wrong; the explorer has to find each. */
export const BUGS = [
  'missing verdicts are filled in',
  'verdicts of an older round count',
  'verdicts of an older attempt count',
  'verdicts over other bytes count',
  'late verdicts count',
  'a later verdict replaces an earlier one',
  'an adoption does not test the row',
  'an approval releases',
  'one person counts as two',
  'whoever was disabled for cause counts',
  'a result that people are asked about is delivered',
  'a claim does not test the state',
  'a claim ignores blocks',
  'a claim ignores epochs',
  'a claim does not look at the clock',
  'a claim does not wait for the record',
  'a hand-over is made again after a crash',
  'a late result is taken',
  'a result of an older attempt is taken',
  'an answer does not wait for the record',
  'no tombstone is left',
  'an older attempt keeps its money',
] as const;
/** One of them. */
export type Bug = (typeof BUGS)[number];

/** Something that may happen now, and the world after it. */
export interface Move {
  readonly name: string;
  readonly next: World;
}

/** A result of the target. */
export const RESULT = {
  type: 'result',
  failed: false,
  seq: 1,
  digest: 'r',
  usage: [],
  tools: [],
  chargedMicros: undefined,
} as const;
/** What screening found of it. */
export const SCREENED = { type: 'screened', digest: 'r', codes: [], chargedMicros: '0' } as const;

/** The world after an event on a row; nothing where it changes nothing. */
export function event(world: World, name: string, happened: RowEvent, row: TaskRecord | undefined = world.row): Move[] {
  const changed = row && applyEvent(row, happened, world.now);
  return changed === undefined ? [] : [{ name, next: { ...world, row: changed.record } }];
}
