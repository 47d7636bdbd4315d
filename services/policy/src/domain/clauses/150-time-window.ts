import { formatInstant } from '@countersign/primitives';
import { sideOfAll } from '../levels.js';
import { allow, deny, type Clause } from '../model.js';
import { opensAgain } from '../opening.js';
import { isOpen } from '../time-windows.js';

/** 150: the windows of connection, client and both organisations are all open now. */
export const timeWindow: Clause = {
  number: 150,
  name: 'time_window',
  evaluate: ({ policies, effective: { windows }, facts }) => {
    const by = windows.filter(({ value }) => !isOpen(value, facts.now)).map(({ level }) => level);
    if (by.length === 0) return allow(windows.map(({ level }) => level));
    const next = opensAgain(windows, facts.now);
    return deny(
      by,
      { code: 'OUTSIDE_TIME_WINDOW', side: sideOfAll(by, policies) },
      { nextOpenAt: next === undefined ? null : formatInstant(next) },
    );
  },
};
