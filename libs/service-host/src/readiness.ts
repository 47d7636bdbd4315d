/** One condition of being able to decide now. Services register their own beside those of the host. */
export interface ReadinessCheck {
  readonly name: string;
  readonly ready: () => boolean | Promise<boolean>;
}

const LOOK_MS = 50;

/** Whether this process can decide now: every check has to say yes. */
export class Readiness {
  readonly #checks: ReadinessCheck[] = [];
  #draining = false;

  /** Adds a condition. */
  add(check: ReadinessCheck): void {
    this.#checks.push(check);
  }

  /** From here on never ready again. */
  drain(): void {
    this.#draining = true;
  }

  /** Waits until every condition but one holds, or the time is over; answers what does not hold then. */
  async settled({
    except,
    atMostMs,
  }: {
    readonly except: string;
    readonly atMostMs: number;
  }): Promise<readonly string[]> {
    for (let waited = 0; ; waited += LOOK_MS) {
      const failing = (await this.failing()).filter((name) => name !== except);
      if (failing.length === 0 || waited >= atMostMs) return failing;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** Names of the conditions that do not hold; none means ready. A check that throws does not hold. */
  async failing(): Promise<readonly string[]> {
    const failing: string[] = this.#draining ? ['draining'] : [];
    for (const check of this.#checks) if (!(await holds(check))) failing.push(check.name);
    return failing;
  }
}

async function holds(check: ReadinessCheck): Promise<boolean> {
  try {
    return await check.ready();
  } catch {
    return false;
  }
}
