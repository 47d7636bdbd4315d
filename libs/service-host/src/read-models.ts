import type { Clock } from '@countersign/primitives';
import {
  guardrailSetRecordSchema,
  policyRecordSchema,
  priceBookRecordSchema,
  READ_MODEL_OWNERS,
  READ_MODEL_READERS,
  registryRecordSchema,
  type GuardrailSetRecord,
  type PolicyRecord,
  type PriceBookRecord,
  type ReadModelOwner,
  type RegistryRecord,
  type Signer,
} from '@countersign/contracts';
import { ReadModel, type Bus, type Freshness, type InvalidFrame } from '@countersign/bus';
import type { TrustBundle } from '@countersign/identity';

const LOOK_MS = 50;

/** What opening the read models of a service needs. */
export interface ReadModelParts {
  readonly bus: Bus;
  readonly bundle: TrustBundle;
  readonly clock: Clock;
  readonly service: Signer;
  readonly onInvalid: (invalid: InvalidFrame) => void;
}

/** The read models that a service reads. Asking for one that is not its to read throws. */
export class ReadModels {
  private constructor(
    private readonly models: {
      readonly registry: ReadModel<RegistryRecord> | undefined;
      readonly policy: ReadModel<PolicyRecord> | undefined;
      readonly budget: ReadModel<PriceBookRecord> | undefined;
      readonly guardrails: ReadModel<GuardrailSetRecord> | undefined;
    },
  ) {}

  /** Opens those that the permissions give to the service. */
  static async open(parts: ReadModelParts): Promise<ReadModels> {
    const reads = (owner: ReadModelOwner): boolean => READ_MODEL_READERS[owner].includes(parts.service);
    const [registry, policy, budget, guardrails] = await Promise.all([
      reads('registry')
        ? ReadModel.open<RegistryRecord>({ ...parts, owner: 'registry', schema: registryRecordSchema })
        : undefined,
      reads('policy')
        ? ReadModel.open<PolicyRecord>({ ...parts, owner: 'policy', schema: policyRecordSchema })
        : undefined,
      reads('budget')
        ? ReadModel.open<PriceBookRecord>({ ...parts, owner: 'budget', schema: priceBookRecordSchema })
        : undefined,
      reads('guardrails')
        ? ReadModel.open<GuardrailSetRecord>({ ...parts, owner: 'guardrails', schema: guardrailSetRecordSchema })
        : undefined,
    ]);
    return new ReadModels({ registry, policy, budget, guardrails });
  }

  get registry(): ReadModel<RegistryRecord> {
    return given(this.models.registry, 'registry');
  }

  get policy(): ReadModel<PolicyRecord> {
    return given(this.models.policy, 'policy');
  }

  get budget(): ReadModel<PriceBookRecord> {
    return given(this.models.budget, 'budget');
  }

  get guardrails(): ReadModel<GuardrailSetRecord> {
    return given(this.models.guardrails, 'guardrails');
  }

  /** All that are open. */
  all(): readonly Freshness[] {
    return Object.values(this.models).filter((model) => model !== undefined);
  }

  /**
   * Waits until all are fresh, or the time is over: who begins before that weighs by what it has not read yet, beside replicas that have. Owners do not wait: a model is
   * fresh only after its owner began, and owners read each other's.
   */
  async settled(service: Signer, atMostMs: number): Promise<void> {
    if (READ_MODEL_OWNERS.some((owner) => owner === service)) return;
    const fresh = (): boolean => this.all().every((model) => model.fresh());
    for (let waited = 0; waited < atMostMs && !fresh(); waited += LOOK_MS)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }

  /** Ends the reading of all. */
  async close(): Promise<void> {
    await Promise.all(Object.values(this.models).map(async (model) => model?.close()));
  }
}

function given<T>(model: T | undefined, owner: ReadModelOwner): T {
  if (model === undefined) throw new Error(`this service does not read the model of ${owner}`);
  return model;
}
