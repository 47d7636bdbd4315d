import { Injectable } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import {
  resultDigest,
  taskCanary,
  type CodeRef,
  type ResultData,
  type ScreenedItem,
  type ScreenItem,
  type TaskKey,
} from '@countersign/contracts';
import { grantExceeded } from '../domain/grant-exceeded.js';
import { UNAVAILABLE, type Screening } from '../domain/screening/screening-job.js';
import { GuardrailsInForce } from './guardrails-in-force.js';
import { PromptFingerprints } from './ports.js';
import { ScreenBodies } from './screen-bodies.js';
import { detailsOf, scopeOf } from './screen-tasks.js';

/** A result that is asked about, with the bytes that stand for it; without `result` it could not be read. */
export interface ResultToScreen {
  readonly item: ScreenItem;
  readonly result?: { readonly body: Uint8Array; readonly data: ResultData };
  /** The submission that it answers, when the log still holds it. */
  readonly input?: Uint8Array;
}

/** What screening says of a result, with the body that may be delivered in its place. */
export interface ScreenedResult {
  readonly verdict: Omit<ScreenedItem, 'type' | 'nonce' | 'at'>;
  readonly transformed?: Uint8Array;
}

/** Screens results before the caller may see them; nothing is stored. */
@Injectable()
export class ScreenResults {
  constructor(
    private readonly inForce: GuardrailsInForce,
    private readonly bodies: ScreenBodies,
    private readonly prompts: PromptFingerprints,
    private readonly clock: Clock,
  ) {}

  /** Verdicts in the order of the results. Rejects when canaries or prompts cannot be looked up. */
  async screen(results: readonly ResultToScreen[]): Promise<readonly ScreenedResult[]> {
    const now = this.clock.now();
    const readable = results.filter(({ result }) => result !== undefined);
    const prompts = await this.prompts.of(readable.map(({ item }) => item.target));
    const screenings = [
      ...(await this.bodies.screen(
        readable.map(({ item, result, input }) => ({
          facts: { stage: 'OUTPUT', now, idempotent: item.idempotent ?? false, retriesUsed: item.retriesUsed ?? 0 },
          guardrails: this.inForce.between(item.task.org, item.target.org).guardrails,
          body: result?.body ?? new Uint8Array(),
          ...(input === undefined ? {} : { input }),
          ...promptOf(prompts.get(`${item.target.org}/${item.target.agent}`)),
          key: keyOf(item),
          scope: scopeOf(keyOf(item)),
          taskCanary: taskCanary(item.grant.jti),
        })),
      )),
    ];
    return results.map(({ item, result }) => {
      const screening = result === undefined ? UNAVAILABLE : (screenings.shift() ?? UNAVAILABLE);
      const { versions } = this.inForce.between(item.task.org, item.target.org);
      return screenedResult(item, withGrant(screening, result?.data, item), versions);
    });
  }
}

function promptOf(prompt: readonly string[] | undefined): { readonly prompt?: readonly string[] } {
  return prompt === undefined ? {} : { prompt };
}

/** The task that a request for screening is about. */
export function keyOf({ task }: ScreenItem): TaskKey {
  return { org: task.org, agent: task.agent, task: task.id };
}

const GRANT_EXCEEDED: CodeRef = { code: 'GRANT_EXCEEDED' };

/** Whatever the guardrails say, a result that used more than its grant is blocked. */
function withGrant(screening: Screening, data: ResultData | undefined, { grant }: ScreenItem): Screening {
  if (data === undefined || !grantExceeded(data, grant)) return screening;
  const codes = screening.action === 'BLOCK' ? screening.codes : [];
  return { ...screening, action: 'BLOCK', codes: [...codes.slice(0, 63), GRANT_EXCEEDED] };
}

function outcomeOf({ action, guardrails }: Screening): ScreenedItem['outcome'] {
  switch (action) {
    case 'ALLOW':
      return guardrails.some(({ outcome }) => outcome === 'TRIGGERED') ? 'WARN' : 'ALLOW';
    case 'WARN':
    case 'REDACT':
    case 'REPLACE':
      return 'WARN';
    case 'RETRY':
    case 'ESCALATE':
    case 'BLOCK':
      return action;
  }
}

function screenedResult(
  item: ScreenItem,
  screening: Screening,
  versions: Readonly<Record<string, number>>,
): ScreenedResult {
  const { codes, guardrails, transformed, retry } = screening;
  const outcome = outcomeOf(screening);
  const passes = (outcome === 'WARN' || outcome === 'ESCALATE') && transformed !== undefined;
  return {
    verdict: {
      task: item.task,
      attempt: item.attempt,
      round: item.round,
      digest: item.digest,
      outcome,
      codes: [...codes],
      details: detailsOf(screening),
      versions: { ...versions, ...screening.versions },
      guardrails: [...guardrails],
      ...(passes ? { transformedDigest: resultDigest(item.target, item.grant.jti, transformed) } : {}),
      ...(outcome === 'RETRY' && retry !== undefined ? { retry } : {}),
    },
    ...(passes ? { transformed } : {}),
  };
}
