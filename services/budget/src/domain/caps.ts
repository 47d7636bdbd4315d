import type { Micros } from '@countersign/primitives';

/** A monthly cap as one record says it; `micros` undefined is none. Records of one place are numbered, and the newest is right. */
export interface Cap {
  readonly version: number;
  readonly micros: Micros | undefined;
}

/** Where the cap of a budget comes from: its policy, and of an agent its capability surface too. The lowest holds. */
export interface Caps {
  readonly policy: Cap;
  readonly surface?: Cap;
}

/** Caps as a budget's row remembers them. */
export interface KnownCaps {
  readonly policy: Cap | undefined;
  readonly surface: Cap | undefined;
}

/**
 * What a budget knows after it was told: of each place the newest record, never an older one. So a replica whose read model is behind cannot put an old cap back.
 * The same value when nothing is new.
 */
export function followCaps(known: KnownCaps, told: Caps): KnownCaps {
  const policy = newer(known.policy, told.policy);
  const surface = told.surface === undefined ? known.surface : newer(known.surface, told.surface);
  return policy === known.policy && surface === known.surface ? known : { policy, surface };
}

/** The cap that holds: the lowest of those that are set; undefined when none is. */
export function lowestCap({ policy, surface }: KnownCaps): Micros | undefined {
  return lowest([policy?.micros, surface?.micros]);
}

/** The lowest of the amounts that are set; undefined when none is. */
export function lowest(amounts: readonly (Micros | undefined)[]): Micros | undefined {
  return amounts.reduce((a, b) => (a === undefined || (b !== undefined && b < a) ? b : a), undefined);
}

function newer(known: Cap | undefined, told: Cap): Cap {
  return known === undefined || told.version > known.version ? told : known;
}
