import { isTerminal, TASK_STATES, type TaskState } from '@countersign/contracts';

/** From every state those that may follow it. A task without a row is in EVALUATING; a later round or another look at the same state is a transition too. */
export type TransitionTable = Readonly<Record<TaskState, readonly TaskState[]>>;

/** States of the contract that no task is in. */
export const NOT_ENTERED: readonly TaskState[] = [];

/** Every transition that there is; nothing else is ever written. */
export const TRANSITIONS: TransitionTable = {
  EVALUATING: ['EVALUATING', 'AWAITING_APPROVAL', 'RELEASING', 'DENIED', 'CANCELLED'],
  AWAITING_APPROVAL: ['AWAITING_APPROVAL', 'EVALUATING', 'DENIED', 'CANCELLED', 'EXPIRED'],
  RELEASING: ['EVALUATING', 'DISPATCHED', 'DENIED', 'CANCELLED'],
  DISPATCHED: ['SCREENING', 'CANCELLING', 'DENIED', 'FAILED', 'EXPIRED'],
  CANCELLING: ['CANCELLED'],
  SCREENING: ['COMPLETED', 'QUARANTINED', 'AWAITING_OUTPUT_APPROVAL', 'CANCELLING'],
  AWAITING_OUTPUT_APPROVAL: ['AWAITING_OUTPUT_APPROVAL', 'COMPLETED', 'QUARANTINED', 'CANCELLING'],
  DENIED: [],
  CANCELLED: [],
  EXPIRED: [],
  FAILED: [],
  QUARANTINED: [],
  COMPLETED: [],
};

/** A table of transitions in which a task could get lost: the service does not start with it. */
export class TransitionTableInvalid extends Error {
  readonly code = 'TRANSITION_TABLE_INVALID';
  constructor(readonly faults: readonly string[]) {
    super(`the table of transitions is invalid: ${faults.join('; ')}`);
  }
}

/** A rule wanted to move a task in a way that the table does not know: nothing is written. */
export class TransitionForbidden extends Error {
  readonly code = 'TRANSITION_FORBIDDEN';
  constructor(
    readonly from: TaskState,
    readonly to: TaskState,
  ) {
    super(`no task goes from ${from} to ${to}`);
  }
}

/** Answers `next` when its state may follow `from`; throws TransitionForbidden otherwise. */
export function permitted<R extends { readonly state: TaskState }>(from: TaskState, next: R): R {
  if (!TRANSITIONS[from].includes(next.state)) throw new TransitionForbidden(from, next.state);
  return next;
}

/**
 * Checks that every state is reached from EVALUATING but for those that are said not to be, that no end is left again, and that an end can be reached from
 * everywhere; throws TransitionTableInvalid with every fault otherwise.
 */
export function checkTransitions(table: TransitionTable, notEntered: readonly TaskState[] = NOT_ENTERED): void {
  const reached = closure(['EVALUATING'], (state) => table[state]);
  const ending = closure(TASK_STATES.filter(isTerminal), (state) => before(table, state));
  const faults = TASK_STATES.flatMap((state) => [
    ...(reached.has(state) || notEntered.includes(state) ? [] : [`${state} is never reached`]),
    ...(reached.has(state) && notEntered.includes(state) ? [`${state} is reached but said not to be`] : []),
    ...(isTerminal(state) && table[state].length > 0 ? [`${state} is an end but is left again`] : []),
    ...(ending.has(state) ? [] : [`no end is reached from ${state}`]),
  ]);
  if (faults.length > 0) throw new TransitionTableInvalid(faults);
}

function before(table: TransitionTable, state: TaskState): readonly TaskState[] {
  return TASK_STATES.filter((earlier) => table[earlier].includes(state));
}

function closure(
  start: readonly TaskState[],
  next: (state: TaskState) => readonly TaskState[],
): ReadonlySet<TaskState> {
  const found = new Set(start);
  // a set is walked to what was added during the walk
  for (const state of found) for (const other of next(state)) found.add(other);
  return found;
}
