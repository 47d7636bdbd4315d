import type { KeyObject } from 'node:crypto';
import { seal, type Tx } from '@countersign/store';
import type { Addressed, Changed } from '../../application/ports.js';
import { attemptText, type AttemptKey } from '../../domain/attempt.js';
import { insertBodies, type BodySide } from './task-bodies.js';
import { placeOf } from './task-reader.js';

const SIDES = ['in', 'out', 'delivered'] as const satisfies readonly BodySide[];

/** A body before it is sealed. */
export interface NewBody extends AttemptKey {
  readonly side: BodySide;
  readonly bytes: Buffer;
}

/** Bodies that the events of changed rows bring; the original bytes belong to the attempt that goes on. */
export function bodiesOf(changed: readonly Changed[], events: ReadonlyMap<string, Addressed>): readonly NewBody[] {
  return changed.flatMap(({ record: { key, attempt }, fresh = false }) => {
    const event = events.get(attemptText({ key, attempt: fresh ? attempt - 1 : attempt }));
    return SIDES.flatMap((side) => {
      const bytes = event?.bodies?.[side];
      return bytes === undefined || (side === 'in') !== fresh ? [] : [{ key, attempt, side, bytes }];
    });
  });
}

/** Seals bodies, each to its place, and keeps them. */
export async function keepSealed(tx: Tx, sealKey: KeyObject, bodies: readonly NewBody[]): Promise<void> {
  await Promise.all(
    SIDES.map((side) =>
      insertBodies(
        tx,
        side,
        bodies
          .filter((body) => body.side === side)
          .map((body) => ({ ...body, sealed: seal(sealKey, placeOf(body, side), body.bytes) })),
      ),
    ),
  );
}
