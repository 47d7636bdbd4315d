import { Injectable } from '@nestjs/common';
import { readModelKey, type GuardrailSetRecord } from '@countersign/contracts';
import { ReadModels } from '@countersign/service-host';
import type { GuardrailInForce } from '../domain/screening/screening-job.js';

/** Guardrails with the versions of the sets that they came from. */
export interface InForce {
  readonly guardrails: readonly GuardrailInForce[];
  readonly versions: Readonly<Record<string, number>>;
}

const MOST_KEPT = 1_000;

/** Finds the sets that apply to a task: the client's organisation's, and the target's too when it is another one. */
@Injectable()
export class GuardrailsInForce {
  readonly #kept = new Map<string, InForce>();

  constructor(private readonly models: ReadModels) {}

  /**
   * Both sets in their order. An organisation without a set adds nothing, so that a task between two such is blocked. The same sets are the same list: a batch
   * goes to its worker with each list once.
   */
  between(clientOrg: string, targetOrg: string): InForce {
    const own = this.models.guardrails.get(readModelKey.org(clientOrg));
    const theirs = targetOrg === clientOrg ? undefined : this.models.guardrails.get(readModelKey.org(targetOrg));
    const key = [clientOrg, own?.version, targetOrg, theirs?.version].join(' ');
    const kept = this.#kept.get(key) ?? inForce(own, theirs);
    if (this.#kept.size >= MOST_KEPT) this.#kept.clear();
    this.#kept.set(key, kept);
    return kept;
  }
}

function inForce(own: GuardrailSetRecord | undefined, theirs: GuardrailSetRecord | undefined): InForce {
  const guardrails: readonly GuardrailInForce[] = [
    ...(own?.guardrails ?? []).map((g) => ({ ...g, side: 'client' as const })),
    ...(theirs?.guardrails ?? []).map((g) => ({ ...g, id: `target-${g.id}`.slice(0, 64), side: 'target' as const })),
  ];
  return {
    guardrails: [...guardrails].sort((a, b) => a.order - b.order),
    versions: {
      ...(own === undefined ? {} : { set: own.version }),
      ...(theirs === undefined ? {} : { targetSet: theirs.version }),
    },
  };
}
