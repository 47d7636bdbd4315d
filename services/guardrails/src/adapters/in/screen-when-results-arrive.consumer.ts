import { Controller } from '@nestjs/common';
import { Clock, formatInstant, Random, strictJsonOf } from '@countersign/primitives';
import {
  parseAs,
  resultDigest,
  resultEnvelopeSchema,
  type Evaluation,
  type ScreenedItem,
  type ScreenItem,
} from '@countersign/contracts';
import {
  Bus,
  DependencyUnavailable,
  FrameWriter,
  itemNonce,
  OnScreens,
  readTaskMessage,
  StreamLookup,
  type ReceivedItem,
} from '@countersign/bus';
import { TrustBundle } from '@countersign/identity';
import { ReadModels } from '@countersign/service-host';
import { Metrics, Tracer } from '@countersign/telemetry';
import { RecentTasks, type RecentTask } from '../../application/recent-tasks.js';
import { keyOf, ScreenResults, type ResultToScreen, type ScreenedResult } from '../../application/screen-results.js';
import { TransformedBodies } from '../out/transformed-bodies.js';
import { countTriggered } from './triggered.js';

/** Screens what came back before the caller may see it. A transformed result is stored before the verdict that names it. */
@Controller()
export class ScreenWhenResultsArrive {
  readonly #lookup: StreamLookup;

  constructor(
    bus: Bus,
    private readonly bundle: TrustBundle,
    private readonly models: ReadModels,
    private readonly screenResults: ScreenResults,
    private readonly recent: RecentTasks,
    private readonly bodies: TransformedBodies,
    private readonly writer: FrameWriter,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly tracer: Tracer,
    private readonly metrics: Metrics,
  ) {
    this.#lookup = new StreamLookup(bus);
  }

  @OnScreens()
  async screen(requests: readonly ReceivedItem<ScreenItem>[]): Promise<void> {
    if (!this.models.guardrails.fresh()) throw new DependencyUnavailable('the read model of guardrails');
    const start = this.clock.now();
    const results = await Promise.all(requests.map(({ item }) => this.#read(item)));
    const screened = await this.screenResults.screen(results);
    const items = await Promise.all(screened.map((result) => this.#itemOf(result)));
    await this.writer.write('ovd', items);
    for (const item of items) this.#observe(item, start);
  }

  #observe(item: ScreenedItem, start: number): void {
    countTriggered(this.metrics, 'output', item.guardrails ?? []);
    if (item.span === undefined) return;
    const { outcome, codes } = item;
    this.tracer.record({
      name: 'verdict output',
      role: 'consumer',
      evaluation: roundOf(item),
      id: item.span,
      start,
      end: this.clock.now(),
      attributes: {
        operation: 'run_guardrail',
        control: 'guardrails',
        guardrailVerdict: outcome,
        code: codes[0]?.code,
        consumer: 'guardrails-scr',
        system: 'nats',
        operationType: 'process',
      },
    });
  }

  /** Reads what is asked about; what is not there any more, is not what was signed or is no result stays without it and is blocked. */
  async #read(item: ScreenItem): Promise<ResultToScreen> {
    const [message, input] = await Promise.all([this.#lookup.message('RES', item.seq), this.#input(item)]);
    if (message === undefined || resultDigest(item.target, item.grant.jti, message.data) !== item.digest)
      return { item };
    const parsed = parseAs(resultEnvelopeSchema, strictJsonOf(message.data));
    if (!parsed.success) return { item };
    return {
      item,
      result: { body: message.data, data: parsed.data.data },
      ...(input === undefined ? {} : { input }),
    };
  }

  /** The submission as it was judged, or nothing: then everything in the result is new. */
  async #input(item: ScreenItem): Promise<Uint8Array | undefined> {
    if (item.input === undefined) return undefined;
    const { seq, digest } = item.input;
    const task = this.recent.find(seq) ?? (await this.#stored(seq));
    if (task === undefined || task.digest !== digest) return undefined;
    const { org, agent, task: id } = keyOf(item);
    return task.key.org === org && task.key.agent === agent && task.key.task === id ? task.body : undefined;
  }

  async #stored(seq: number): Promise<RecentTask | undefined> {
    const message = await this.#lookup.message('ING', seq);
    const task = message === undefined ? undefined : readTaskMessage(this.bundle, message);
    return task === undefined || 'failure' in task ? undefined : task;
  }

  async #itemOf({ verdict, transformed }: ScreenedResult): Promise<ScreenedItem> {
    const { task, attempt, round } = verdict;
    if (transformed !== undefined)
      await this.bodies.put(
        { key: { org: task.org, agent: task.agent, task: task.id }, attempt, round, side: 'out' },
        transformed,
      );
    return {
      type: 'screened',
      nonce: itemNonce(this.random),
      ...verdict,
      ...(this.tracer.sampled(roundOf(verdict)) ? { span: this.tracer.spanId() } : {}),
      at: formatInstant(this.clock.now()),
    };
  }
}

function roundOf({ task, attempt, round }: Pick<ScreenedItem, 'task' | 'attempt' | 'round'>): Evaluation {
  return { key: { org: task.org, agent: task.agent, task: task.id }, attempt, round };
}
