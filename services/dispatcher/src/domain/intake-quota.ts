/** Submissions of one agent are counted over this window (ms), sliding. */
export const INTAKE_WINDOW_MS = 10_000;
/** Whoever was over the quota is refused for so long (ms) after the last submission that was over it. */
export const INTAKE_PENALTY_MS = 60_000;
/** Whoever sends so many times the quota is cut off. */
const CUT_FACTOR = 10;

/** What becomes of a submission. */
export type Intake =
  | { readonly kind: 'taken' }
  | {
      readonly kind: 'limited';
      /** When the agent may submit again (ms). */
      readonly until: number;
      /** Whether the agent was not limited before this submission. */
      readonly began: boolean;
      /** Whether this submission is the one that made it a flood. */
      readonly flood: boolean;
    };

interface Counted {
  /** Instants of submissions in the window, oldest first; never more than make a flood. */
  readonly at: number[];
  limitedFrom: number;
  limitedUntil: number;
  flooding: boolean;
}

/**
 * Counts what agents submit, whatever becomes of it (D-34): over `limit` in 10 s the agent is refused until 60 s after the last submission that was over it, over ten times
 * as many is a flood. Counts by the instants it is given, so who reads the same log in the same order counts the same. Memory: at most ten times the limit of
 * instants an agent, of agents that submitted in the last 70 s.
 */
export class IntakeQuota {
  readonly #agents = new Map<string, Counted>();

  constructor(readonly limit: number) {}

  /** Counts one submission at an instant in ms. */
  take(agent: string, at: number): Intake {
    const counted = this.#counted(agent);
    const { at: times } = counted;
    times.push(at);
    const from = times.findIndex((time) => time > at - INTAKE_WINDOW_MS);
    times.splice(0, Math.max(from, times.length - this.limit * CUT_FACTOR - 1));
    const before = isLimited(counted, at);
    if (times.length > this.limit) limit(counted, at, at);
    const floods = times.length > this.limit * CUT_FACTOR;
    const flood = floods && !counted.flooding;
    counted.flooding = floods;
    if (!isLimited(counted, at)) return { kind: 'taken' };
    return { kind: 'limited', until: counted.limitedUntil, began: !before, flood };
  }

  /** Until when an agent is refused; undefined when it is not. */
  limitedUntil(agent: string, at: number): number | undefined {
    const counted = this.#agents.get(agent);
    return counted !== undefined && isLimited(counted, at) ? counted.limitedUntil : undefined;
  }

  /** Takes over that an agent was refused between two instants, from before this count began: it stays refused for as long as it could be. */
  restore(agent: string, { from, to }: { readonly from: number; readonly to: number }): void {
    limit(this.#counted(agent), from, to);
  }

  /** Forgets agents that have nothing in the window and are not refused. */
  sweep(now: number): void {
    for (const [agent, { at, limitedUntil }] of this.#agents)
      if ((at.at(-1) ?? 0) <= now - INTAKE_WINDOW_MS && limitedUntil <= now) this.#agents.delete(agent);
  }

  /** How many agents are remembered. */
  get size(): number {
    return this.#agents.size;
  }

  #counted(agent: string): Counted {
    const known = this.#agents.get(agent);
    if (known !== undefined) return known;
    const counted: Counted = { at: [], limitedFrom: 0, limitedUntil: 0, flooding: false };
    this.#agents.set(agent, counted);
    return counted;
  }
}

function isLimited({ limitedFrom, limitedUntil }: Counted, at: number): boolean {
  return at >= limitedFrom && at < limitedUntil;
}

/** Refuses from an instant on until the penalty after the last one is over; a refusal that is still running goes on. */
function limit(counted: Counted, from: number, to: number): void {
  if (from >= counted.limitedUntil) counted.limitedFrom = from;
  counted.limitedUntil = Math.max(counted.limitedUntil, to + INTAKE_PENALTY_MS);
}
