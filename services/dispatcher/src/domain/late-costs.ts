import { isTerminal, type Usage } from '@countersign/contracts';
import type { TaskRecord } from './model.js';

/** What a target said that an execution used. */
export interface Cost {
  readonly usage: readonly Usage[];
  readonly tools: readonly string[];
}

/** A cost that comes after the end: of a result that is too late, or of a report. */
export interface LateCost extends Cost {
  readonly chargedMicros?: string | undefined;
  /** Of the late result's bytes. */
  readonly digest?: string;
  /** Id of the late report. */
  readonly report?: string;
}

/** Everything that was told of an execution: reports while it ran, its result, and what is told now. A tool counts once, calls of models are not added up: each has its own price. */
export function costTold({ result }: Pick<TaskRecord, 'result'>, reported: Cost, now: Cost): Cost {
  // a result was stored with the reports before it
  const before = result ?? reported;
  return {
    usage: [...before.usage, ...now.usage],
    tools: [...new Set([...before.tools, ...now.tools])],
  };
}

/**
 * Takes a cost that comes after the end of a claimed attempt: the state stays, the first one stands, and a second result is nobody's cost (D.3, J.3 #28).
 * Undefined when it changes nothing.
 */
export function takeLateCost(row: TaskRecord, late: LateCost): TaskRecord | undefined {
  if (!isTerminal(row.state) || row.claim !== 'CLAIMED' || row.late !== undefined) return undefined;
  if (late.digest !== undefined && row.result !== undefined) return undefined;
  const { chargedMicros, digest, report, usage } = late;
  return {
    ...row,
    late: {
      usage,
      ...(chargedMicros === undefined ? {} : { chargedMicros }),
      ...(digest === undefined ? {} : { digest }),
      ...(report === undefined ? {} : { report }),
    },
  };
}
