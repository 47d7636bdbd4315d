import { setTimeout as sleep } from 'node:timers/promises';

/** What is said by a server that is not there yet, by its name server, and by a PostgreSQL that is starting. */
const NOT_YET: readonly unknown[] = ['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', '57P03'];

/** How long a server is waited for. */
export interface Patience {
  readonly forMs: number;
  readonly everyMs: number;
}

const PATIENCE: Patience = { forMs: 60_000, everyMs: 1_000 };

/** Does the work, again and again while the server is not there yet; any other failure, and the last one, is passed on. */
export async function onceThere<T>(work: () => Promise<T>, { forMs, everyMs }: Patience = PATIENCE): Promise<T> {
  const until = performance.now() + forMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (!NOT_YET.includes(code) || performance.now() >= until) throw error;
      await sleep(everyMs);
    }
  }
}
