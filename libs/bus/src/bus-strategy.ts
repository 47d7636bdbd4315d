import type { JsMsg } from '@nats-io/jetstream';
import type { Msg, Subscription } from '@nats-io/transport-node';
import { Catch, type ExceptionFilter } from '@nestjs/common';
import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import type { Clock, Random } from '@countersign/primitives';
import {
  AGENT_REQUESTS,
  CONTROLS,
  durableName,
  parseStoredResultSubject,
  PEOPLE_COMMANDS_PER_10S,
  screenItemSchema,
  transitionItemSchema,
  type AgentRef,
  type CommandSpec,
} from '@countersign/contracts';
import type { SigningKey, TrustBundle } from '@countersign/identity';
import { isObservable, lastValueFrom, throwError, type Observable } from 'rxjs';
import type { ZodType } from 'zod';
import { AgentRequestServer } from './agent-request-server.js';
import type { Bus } from './bus.js';
import { answerCommand, type ServedCommand } from './command-server.js';
import { DurableConsumer } from './durable-consumer.js';
import { deliverBatch } from './deliver-batch.js';
import type { FrameReader } from './frame-reader.js';
import type { FrameWriter } from './frame-writer.js';
import type { Freshness } from './freshness.js';
import type { IdempotencyStore } from './idempotency.js';
import { judgeBatch, type Judge } from './judge-batch.js';
import type { JudgeObserver } from './judge-observer.js';
import { streamMessageOf } from './messages.js';
import {
  AGENT_REQUEST_TOKENS,
  PATTERN,
  type AgentRequestVerb,
  type CommandContext,
  type TransitionExtras,
} from './patterns.js';
import type { People } from './people.js';
import { BoundedAsking } from './request-rate.js';
import { readTaskMessage, type TaskMessage } from './task-message.js';

/** An item that cannot be handled comes again this much later. */
const POISON_DELAY_MS = 5_000;
const AGENT_REQUEST_VERBS: readonly AgentRequestVerb[] = ['status', 'peers', 'check', 'usage'];

/** What a service hears with. */
export interface BusStrategyOptions {
  readonly bus: Bus;
  readonly bundle: TrustBundle;
  readonly key: SigningKey;
  readonly clock: Clock;
  readonly random: Random;
  readonly frameWriter: FrameWriter;
  readonly frameReader: FrameReader;
  /** Read models that must be fresh to judge. */
  readonly models: readonly Freshness[];
  readonly judgesLate?: boolean;
  readonly judgesInvalid?: boolean;
  readonly idempotency?: IdempotencyStore;
  /** How many requests of one agent are answered in 10 s; absent: {@link AGENT_REQUESTS}. */
  readonly agentRequestsPer10s?: number;
  /** Whose keys count for commands besides those of the trust bundle; absent: nobody's. */
  readonly people?: People;
  readonly events: BusEvents;
  readonly observer?: JudgeObserver;
  /** Of a control, waited for before the first task or command is taken: a replica that starts would deny what another one can judge, and refuse a person of whom it has not read yet. */
  readonly untilAbleToJudge?: () => Promise<void>;
}

/** What the strategy tells of: signatures that do not count are CRITICAL alert events. */
export interface BusEvents {
  readonly invalid: (what: { readonly subject: string; readonly seq?: number; readonly failure: string }) => void;
  readonly error: (error: unknown, where: { readonly subject?: string; readonly task?: TaskMessage }) => void;
  /** Messages that a durable consumer was given again. */
  readonly redelivered?: (durable: string, count: number) => void;
  /** An agent that asks far too much. */
  readonly flood?: (agent: AgentRef) => void;
}

/** A result of a target as it is stored: whose, under which grant. */
export interface ResultMessage {
  readonly org: string;
  readonly agent: string;
  readonly grant: string;
  readonly seq: number;
  readonly streamAt: number;
  readonly subject: string;
  readonly body: Buffer;
}

/** Lets errors of handlers reach the strategy as they were thrown; without it Nest replaces them by a text. */
@Catch()
export class PassErrors implements ExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

/** Nest transport of the control plane: batches of tasks, transitions, screening requests and results, commands and agents' requests. */
export class BusStrategy extends Server implements CustomTransportStrategy {
  override readonly propagatesEventHandlerErrors = true;
  readonly #consumers: DurableConsumer[] = [];
  readonly #durables: { readonly stream: string; readonly durable: string }[] = [];
  readonly #subscriptions: Subscription[] = [];
  readonly #inFlight = new Set<Promise<void>>();
  readonly #agents: AgentRequestServer;
  readonly #people = new BoundedAsking({ limit: PEOPLE_COMMANDS_PER_10S, periodMs: 10_000 });
  #closed = false;

  constructor(private readonly options: BusStrategyOptions) {
    super();
    const { key, agentRequestsPer10s: limit = AGENT_REQUESTS.per10s, events } = options;
    this.#agents = new AgentRequestServer({ key, limit, onFlood: (agent) => events.flood?.(agent) });
  }

  listen(callback: (error?: unknown) => void): void {
    this.#open().then(() => callback(), callback);
  }

  /** Stops the pulls and the questions, finishes what is in work. A question that the server has routed here already is still answered: nobody else will. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([
      ...this.#subscriptions.map((subscription) => subscription.drain().catch(() => undefined)),
      ...this.#consumers.map((consumer) => consumer.close()),
    ]);
    await Promise.allSettled(this.#inFlight);
  }

  /** What its durable consumers have not been given yet. */
  async pending(): Promise<readonly { readonly durable: string; readonly pending: number }[]> {
    return Promise.all(
      this.#durables.map(async (place) => ({
        durable: place.durable,
        pending: await DurableConsumer.pending(this.options.bus, place),
      })),
    );
  }

  on(): never {
    throw new Error('the bus strategy has no events of its own');
  }

  unwrap<T>(): T {
    return this.options.bus.nc as T;
  }

  async #open(): Promise<void> {
    const { service } = this.options.bus;
    if (service === 'provisioner') throw new Error('the provisioner hears nothing');
    const transitions = this.messageHandlers.get(PATTERN.transitions);
    if (transitions !== undefined) {
      const { wanted } = (transitions.extras ?? {}) as TransitionExtras;
      await this.#consume('FLOW', durableName(service, 'dec'), (batch) =>
        this.#deliver(PATTERN.transitions, batch, transitionItemSchema, wanted),
      );
    }
    if (this.messageHandlers.has(PATTERN.screens))
      await this.#consume('FLOW', durableName(service, 'scr'), (batch) =>
        this.#deliver(PATTERN.screens, batch, screenItemSchema),
      );
    if (this.messageHandlers.has(PATTERN.results))
      await this.#consume('RES', durableName(service, 'res'), (batch) => this.#results(batch));
    if (this.messageHandlers.has(PATTERN.judge)) await this.options.untilAbleToJudge?.();
    if (this.#closed) return;
    this.#subscribe(`adm.${service}.>`, service, (message) => this.#command(message));
    for (const verb of AGENT_REQUEST_VERBS)
      if (this.messageHandlers.has(`${PATTERN.agent}${verb}`))
        this.#subscribe(`agt.*.*.${verb}.${AGENT_REQUEST_TOKENS[verb]}`, service, (message) =>
          this.#agents.answer(message, (asked) => this.#call(`${PATTERN.agent}${verb}`, asked, undefined)),
        );
    if (this.messageHandlers.has(PATTERN.judge))
      await this.#consume('ING', durableName(service, 'ing'), (batch) => this.#judge(batch));
  }

  async #consume(stream: string, durable: string, handle: (batch: readonly JsMsg[]) => Promise<void>): Promise<void> {
    this.#durables.push({ stream, durable });
    this.#consumers.push(
      await DurableConsumer.open(this.options.bus, {
        stream,
        durable,
        handle,
        onRedelivered: (count) => this.options.events.redelivered?.(durable, count),
        onError: (error) => this.options.events.error(error, { subject: durable }),
      }),
    );
  }

  #subscribe(subject: string, queue: string, handle: (message: Msg) => Promise<void>): void {
    const callback = (error: Error | null, message: Msg): void => {
      if (error !== null) return this.options.events.error(error, { subject });
      const run = handle(message)
        .catch((cause: unknown) => this.options.events.error(cause, { subject: message.subject }))
        .finally(() => this.#inFlight.delete(run));
      this.#inFlight.add(run);
    };
    this.#subscriptions.push(this.options.bus.nc.subscribe(subject, { queue, callback }));
  }

  async #call(pattern: string, payload: unknown, context: unknown): Promise<unknown> {
    const handler = this.messageHandlers.get(pattern);
    if (handler === undefined) throw new Error(`nobody handles ${pattern}`);
    const answer: unknown = await handler(payload, context);
    return isObservable(answer) ? lastValueFrom(answer, { defaultValue: undefined }) : answer;
  }

  async #judge(batch: readonly JsMsg[]): Promise<void> {
    const { options } = this;
    const control = CONTROLS.find((name) => name === options.bus.service);
    if (control === undefined) throw new Error(`${options.bus.service} is no control`);
    const readable: { readonly raw: JsMsg; readonly task: TaskMessage }[] = [];
    for (const raw of batch) {
      const message = streamMessageOf(raw);
      const task = readTaskMessage(options.bundle, message);
      if ('failure' in task) {
        options.events.invalid({ subject: message.subject, seq: message.seq, failure: task.failure });
        raw.term('not a task');
      } else readable.push({ raw, task });
    }
    const judge = ((tasks) => this.#call(PATTERN.judge, tasks, undefined)) as Judge;
    const onError = (error: unknown, task?: TaskMessage): void =>
      options.events.error(error, task === undefined ? {} : { task });
    const settled = await judgeBatch(
      {
        ...options,
        control,
        judge,
        onError,
        judgesLate: options.judgesLate ?? false,
        judgesInvalid: options.judgesInvalid ?? false,
      },
      readable.map((r) => r.task),
    );
    readable.forEach(({ raw }, i) => (settled[i] === 'ack' ? raw.ack() : raw.nak(250)));
  }

  async #deliver<T>(
    pattern: string,
    batch: readonly JsMsg[],
    schema: ZodType<T>,
    wanted?: readonly string[],
  ): Promise<void> {
    const settled = await deliverBatch({
      frames: batch.map((raw) => this.options.frameReader.read(streamMessageOf(raw), schema, wanted)),
      handle: async (items) => void (await this.#call(pattern, items, undefined)),
      onError: (error) => this.options.events.error(error, {}),
    });
    batch.forEach((raw, i) => (settled[i] === 'ack' ? raw.ack() : raw.nak(POISON_DELAY_MS)));
  }

  async #results(batch: readonly JsMsg[]): Promise<void> {
    const results = batch.flatMap((raw): ResultMessage[] => {
      const { subject, seq, streamAt, data } = streamMessageOf(raw);
      const address = parseStoredResultSubject(subject);
      if (address === undefined) this.options.events.invalid({ subject, seq, failure: 'subject' });
      return address === undefined ? [] : [{ ...address, seq, streamAt, subject, body: data }];
    });
    if (results.length > 0) await this.#call(PATTERN.results, results, undefined);
    for (const raw of batch) raw.ack();
  }

  async #command(message: Msg): Promise<void> {
    const { options } = this;
    const handler = this.messageHandlers.get(message.subject);
    const command = handler?.extras?.['command'] as CommandSpec | undefined;
    const served: ServedCommand | undefined = command && {
      command,
      handle: (body: unknown, context: CommandContext) => this.#call(message.subject, body, context),
    };
    await answerCommand(
      {
        ...options,
        idempotency: options.idempotency,
        asking: this.#people,
        onRefusedSignature: (subject, failure) => options.events.invalid({ subject, failure }),
        onError: (error, subject) => options.events.error(error, { subject }),
      },
      served,
      message,
    );
  }
}
