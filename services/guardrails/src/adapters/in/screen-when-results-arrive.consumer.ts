import { Controller } from '@nestjs/common';
import { Clock, formatInstant, Random } from '@countersign/primitives';
import {
  resultDigest,
  resultEnvelopeSchema,
  type CodeRef,
  type ScreenedItem,
  type ScreenItem,
} from '@countersign/contracts';
import {
  Bus,
  DependencyUnavailable,
  FrameWriter,
  itemNonce,
  jsonOf,
  OnScreens,
  StreamLookup,
  type ReceivedItem,
} from '@countersign/bus';
import { ReadModels } from '@countersign/service-host';
import { GuardrailsInForce } from '../../application/guardrails-in-force.js';
import { grantExceeded } from '../../domain/grant-exceeded.js';
import { screenParts, type Screening } from '../../domain/screen.js';

const UNAVAILABLE: Screening = {
  blocked: true,
  codes: [{ code: 'GUARDRAIL_UNAVAILABLE' }],
  guardrails: [],
  versions: {},
};

/** Screens what came back before the caller may see it. */
@Controller()
export class ScreenWhenResultsArrive {
  readonly #lookup: StreamLookup;

  constructor(
    bus: Bus,
    private readonly models: ReadModels,
    private readonly inForce: GuardrailsInForce,
    private readonly writer: FrameWriter,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {
    this.#lookup = new StreamLookup(bus);
  }

  @OnScreens()
  async screen(requests: readonly ReceivedItem<ScreenItem>[]): Promise<void> {
    if (!this.models.guardrails.fresh()) throw new DependencyUnavailable('the read model of guardrails');
    const items = await Promise.all(requests.map(({ item }) => this.#screenOne(item)));
    await this.writer.write('ovd', items);
  }

  async #screenOne(item: ScreenItem): Promise<ScreenedItem> {
    const { versions, ...screening } = await this.#screening(item);
    return {
      type: 'screened',
      nonce: itemNonce(this.random),
      task: item.task,
      attempt: item.attempt,
      round: item.round,
      digest: item.digest,
      outcome: screening.blocked ? 'BLOCK' : 'ALLOW',
      codes: [...screening.codes],
      details: {},
      versions: { ...versions },
      guardrails: screening.guardrails,
      at: formatInstant(this.clock.now()),
    };
  }

  async #screening(item: ScreenItem): Promise<Screening> {
    const message = await this.#lookup.message('RES', item.seq);
    if (message === undefined || resultDigest(item.target, item.grant.jti, message.data) !== item.digest)
      return UNAVAILABLE;
    const result = resultEnvelopeSchema.safeParse(jsonOf(message.data));
    if (!result.success) return UNAVAILABLE;
    const { guardrails, versions } = this.inForce.between(item.task.org, item.target.org);
    const started = performance.now();
    const screening = screenParts(result.data.data.parts, guardrails, 'OUTPUT', () => performance.now() - started);
    const exceeded: readonly CodeRef[] = grantExceeded(result.data.data, item.grant)
      ? [{ code: 'GRANT_EXCEEDED' }]
      : [];
    return {
      ...screening,
      blocked: screening.blocked || exceeded.length > 0,
      codes: [...screening.codes, ...exceeded],
      versions: { ...versions, ...screening.versions },
    };
  }
}
