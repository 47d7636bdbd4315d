import type { AnswerData } from '@countersign/agent-sdk';
import type { Probe } from './probes.js';

/** Everything that can become of a probe. */
export const OUTCOMES = ['released', 'denied', 'denied_otherwise', 'unanswered'] as const;

/**
 * What became of a probe. `released`: it reached a target, or its end says that it did. `denied`: for the reason it was meant for; `denied_otherwise`: for another one.
 * `unanswered`: nobody said.
 */
export type Outcome = (typeof OUTCOMES)[number];

/** What was seen of a probe; `reached` is what the canary's own target saw, whatever the answer says. */
export interface Seen {
  readonly answer: Pick<AnswerData, 'state' | 'code'> | undefined;
  readonly reached: boolean;
}

/** Ends that only a task that was handed over comes to. */
const AFTER_RELEASE: readonly AnswerData['state'][] = ['COMPLETED', 'FAILED', 'QUARANTINED', 'EXPIRED'];

/** Says what became of a probe. An end that is neither is no proof of a denial. */
export function outcomeOf({ codes }: Pick<Probe, 'codes'>, { answer, reached }: Seen): Outcome {
  if (reached || (answer !== undefined && AFTER_RELEASE.includes(answer.state))) return 'released';
  if (answer?.state !== 'DENIED') return 'unanswered';
  return answer.code !== undefined && codes.includes(answer.code) ? 'denied' : 'denied_otherwise';
}

/** Whether it is what was expected. */
export function isExpected({ expected }: Pick<Probe, 'expected'>, outcome: Outcome, { answer }: Seen): boolean {
  return expected === 'deny' ? outcome === 'denied' : outcome === 'released' && answer?.state === 'COMPLETED';
}
