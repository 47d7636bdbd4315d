import { formatInstant } from '@countersign/primitives';
import type { TaskRecord } from './model.js';

/** What `explain` shows of one attempt: how far it came, how it differs from the one before, what screening found, what it cost. No content. */
export function attemptPart(record: TaskRecord): Readonly<Record<string, unknown>> {
  const { attempt, round, state, claim, primary, retry, replacedBy, chargedMicros, late, output, endedAt } = record;
  return {
    attempt,
    round,
    state,
    claim,
    code: primary ?? null,
    retry: retry === undefined ? null : { ...retry },
    replacedBy: replacedBy ?? null,
    screened:
      output === undefined ? null : { outcome: output.outcome, changed: output.transformedDigest !== undefined },
    chargedMicros: chargedMicros ?? null,
    correctedMicros: late?.chargedMicros ?? null,
    endedAt: endedAt === undefined ? null : formatInstant(endedAt),
  };
}
