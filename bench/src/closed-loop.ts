/** What a closed loop measured. */
export interface Measured {
  readonly tasks: number;
  readonly tasksPerSecond: number;
  /** Milliseconds from submission to answer. */
  readonly p50: number;
  readonly p99: number;
  /** CPU of all processes a task, in milliseconds. */
  readonly cpuMsPerTask: number;
}

/** How every task must end. */
export const ENDED_WELL = 'COMPLETED';

/** How a closed loop runs: always `inFlight` tasks open, until `tasks` have ended. */
export interface ClosedLoop {
  readonly tasks: number;
  readonly inFlight: number;
  /** Runs one task; answers how it ended. */
  readonly run: () => Promise<string>;
}

/** Runs it; answers latencies in milliseconds and the seconds it took. Throws when a task did not end as it should. */
export async function closedLoop({
  tasks,
  inFlight,
  run,
}: ClosedLoop): Promise<{ readonly seconds: number; readonly latencies: readonly number[] }> {
  const latencies: number[] = [];
  let begun = 0;
  const began = performance.now();
  const worker = async (): Promise<void> => {
    while (begun < tasks) {
      begun += 1;
      const at = performance.now();
      const ended = await run();
      if (ended !== ENDED_WELL) throw new Error(`a task ended with ${ended}: nothing was measured`);
      latencies.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return { seconds: (performance.now() - began) / 1000, latencies: latencies.sort((a, b) => a - b) };
}

/** The figures of a run. */
export function figures(
  { seconds, latencies }: { readonly seconds: number; readonly latencies: readonly number[] },
  cpuMs: number,
): Measured {
  const quantile = (q: number): number =>
    round(latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * q))] ?? Number.NaN, 2);
  const tasks = latencies.length;
  return {
    tasks,
    tasksPerSecond: round(tasks / seconds, 1),
    p50: quantile(0.5),
    p99: quantile(0.99),
    cpuMsPerTask: round(cpuMs / tasks, 3),
  };
}

/** Rounds to so many decimals. */
export function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
