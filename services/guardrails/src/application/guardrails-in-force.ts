import { Injectable } from '@nestjs/common';
import { readModelKey, type Guardrail } from '@countersign/contracts';
import { ReadModels } from '@countersign/service-host';

/** Guardrails with the versions of the sets that they came from. */
export interface InForce {
  readonly guardrails: readonly Guardrail[];
  readonly versions: Readonly<Record<string, number>>;
}

/** Finds the sets that apply to a task: the client's organisation's, and the target's too when it is another one. */
@Injectable()
export class GuardrailsInForce {
  constructor(private readonly models: ReadModels) {}

  /** Both sets. An organisation without a set adds nothing, so that a task between two such is blocked. */
  between(clientOrg: string, targetOrg: string): InForce {
    const own = this.models.guardrails.get(readModelKey.org(clientOrg));
    const theirs = targetOrg === clientOrg ? undefined : this.models.guardrails.get(readModelKey.org(targetOrg));
    return {
      guardrails: [
        ...(own?.guardrails ?? []),
        ...(theirs?.guardrails ?? []).map((g) => ({ ...g, id: `target-${g.id}`.slice(0, 64) })),
      ],
      versions: {
        ...(own === undefined ? {} : { set: own.version }),
        ...(theirs === undefined ? {} : { targetSet: theirs.version }),
      },
    };
  }
}
