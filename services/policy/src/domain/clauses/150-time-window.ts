import { formatInstant } from '@countersign/primitives';
import { documentsOf } from '../effective-policy.js';
import { PASS, type Clause } from '../model.js';
import { isOpen, nextOpen } from '../time-windows.js';

/** 150: the windows of connection, client and both organisations are all open now. */
export const timeWindow: Clause = {
  number: 150,
  name: 'time_window',
  evaluate: ({ policies, facts }) => {
    const lists = documentsOf(policies).map((document) => document.windows);
    if (lists.every((windows) => isOpen(windows, facts.now))) return PASS;
    const own = [policies.clientOrg, policies.client, policies.connection].some(
      (document) => document !== undefined && !isOpen(document.windows, facts.now),
    );
    const next = nextOpen(lists, facts.now);
    return {
      outcome: 'deny',
      code: 'OUTSIDE_TIME_WINDOW',
      side: own ? 'client' : 'target',
      detail: { nextOpenAt: next === undefined ? null : formatInstant(next) },
    };
  },
};
