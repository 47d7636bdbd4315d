import { readFile } from 'node:fs/promises';
import { nuid, type Msg } from '@nats-io/transport-node';
import { Requests, SystemClock, SystemRandom, uuidV7 } from '@countersign/primitives';
import {
  answerSubject,
  credentialFileSchema,
  taskDigest,
  taskSubject,
  traceIdOf,
  type AnswerData,
  type CheckReply,
  type CredentialFile,
  type PeersReply,
  type Usage,
} from '@countersign/contracts';
import { AgentRequestFailed, type UntrustedMessage } from './errors.js';
import { Farewell } from './farewell.js';
import { openConnection, type Link } from './link.js';
import { isFinal, OpenTasks } from './open-tasks.js';
import { publishStored } from './publishing.js';
import { askCheck, askPeers, asksTooMuch, askStatus, readAnswer, tellUsage } from './requests.js';
import { instanceName, Serving, type DeliveredTask, type ServeOptions, type TaskHandler } from './serving.js';
import { checkTraceparent, prepareTask, type TaskInput } from './task-input.js';
import { TrustStore } from './trust-store.js';

const POLL_MS = 10_000;
/** A task may be asked for before the dispatcher read it from the log; so many polls that find nothing end the wait. */
const POLLS_UNTIL_LOST = 3;

/** How an agent connects. */
export interface ConnectOptions {
  /** Hears of messages that were dropped because their signature does not count. */
  readonly onUntrusted?: (message: UntrustedMessage) => void;
}

/** How a task is followed. */
export interface SubmitOptions {
  /** Hears of states before the end, such as AWAITING_APPROVAL. */
  readonly onState?: (answer: AnswerData) => void;
  /** A W3C `traceparent` of the caller's own: the trace of the task links to it. It is never its parent, and nothing is decided by it. */
  readonly traceparent?: string;
}

/** What else a report says. */
export interface UsageOptions {
  /** A UUID that makes a repeated report the same; made here when absent. */
  readonly report?: string;
  readonly tools?: readonly string[];
}

/** One agent, connected: submits tasks, serves tasks, asks for state and peers. */
export class Agent {
  readonly #open = new OpenTasks();
  readonly #instance: string;
  readonly #lost = new Map<string, number>();
  readonly #farewell: Farewell;
  #serving: Serving | undefined;
  #poll: NodeJS.Timeout | undefined;
  /** The open task that was asked for last: the next pass begins there, so that none is left out where there are more than may be asked for. */
  #askedLast: string | undefined;
  #closing: Promise<void> | undefined;

  private constructor(private readonly link: Link) {
    this.#instance = instanceName(link);
    this.#farewell = new Farewell(link.nc);
    for (const instance of [this.#instance, 'all']) {
      link.nc.subscribe(answerSubject(link.credential, instance), {
        callback: (error, message) => {
          // what a listener of the program throws ends nothing here
          if (error === null) this.#take(message).catch(() => undefined);
        },
      });
    }
    void this.#askAfterReconnect();
    this.#poll = setInterval(() => void this.#askForOpenTasks(), POLL_MS).unref();
  }

  /** Connects with a credential file (its path or content); throws when it is none or its trust bundle does not verify. */
  static async connect(credential: string | CredentialFile, options: ConnectOptions = {}): Promise<Agent> {
    const file = credentialFileSchema.parse(
      typeof credential === 'string' ? JSON.parse(await readFile(credential, 'utf8')) : credential,
    );
    const trust = new TrustStore(file);
    const random = new SystemRandom();
    const nc = await openConnection(file, random);
    const agent = new Agent({
      nc,
      requests: new Requests(nc, `${file.inboxPrefix}.${nuid.next()}`),
      credential: file,
      trust,
      clock: new SystemClock(),
      random,
      onUntrusted: options.onUntrusted ?? (() => undefined),
    });
    await nc.flush();
    return agent;
  }

  /** This agent's id. */
  get id(): string {
    return this.link.credential.agent;
  }

  /**
   * Submits a task and waits for its end. The answer is verified; its state tells how it ended, a code why. Throws {@link AgentRequestFailed} when
   * the task was not accepted, or when its id belongs to another task.
   */
  async submit(task: TaskInput, options: SubmitOptions = {}): Promise<AnswerData> {
    const { traceparent } = options;
    checkTraceparent(traceparent);
    const { id, body } = prepareTask(this.link, this.#instance, task);
    const { org, agent } = this.link.credential;
    const key = { org, agent, task: id };
    const end = this.#open.wait(id, options.onState ?? (() => undefined));
    end.catch(() => undefined);
    try {
      const published = await publishStored(this.link, taskSubject(key), body, traceparent);
      if (published === 'already-there') await this.#adopt(id, taskDigest(key, body));
    } catch (cause) {
      const error =
        cause instanceof AgentRequestFailed ? cause.inTrace(traceIdOf({ key, attempt: 1, round: 1 })) : cause;
      this.#open.fail(id, error instanceof Error ? error : new Error('not submitted'));
      throw error;
    }
    return end;
  }

  /** State and answer of an own task, verified. */
  async status(task: string): Promise<AnswerData> {
    return askStatus(this.link, task);
  }

  /** What submitting this task would come to now: the same judgement, and nothing happens. {@link retryAdvice} says whether and when a denial may be over. */
  async check(task: TaskInput): Promise<CheckReply> {
    return askCheck(this.link, prepareTask(this.link, this.#instance, task));
  }

  /**
   * Reports what a task that runs here has used since the last report; its result then needs to name only what was used after it. Throws {@link AgentRequestFailed}
   * when it does not count. The same `report` (a UUID) again is the same report.
   */
  async reportUsage(
    task: Pick<DeliveredTask, 'grant'>,
    usage: readonly Usage[],
    { report = uuidV7(this.link.clock.now(), this.link.random), tools = [] }: UsageOptions = {},
  ): Promise<void> {
    await tellUsage(this.link, task.grant.jti, { report, usage: [...usage], tools: [...tools] });
  }

  /** Own connections: whom this agent may call for which task types. */
  async peers(): Promise<PeersReply['connections']> {
    return (await askPeers(this.link)).connections;
  }

  /** Serves tasks until {@link close}. One handler an agent. */
  serve(handler: TaskHandler, options: ServeOptions = {}): void {
    if (this.#serving !== undefined) throw new Error('this agent serves already');
    this.#serving = new Serving(this.link, handler, options);
  }

  /** Takes no further task, finishes the running ones and publishes their results, then disconnects. Tasks it submitted go on. Again is the same. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#poll);
    this.#poll = undefined;
    await this.#serving?.stop();
    this.#open.close();
    await this.#farewell.say();
  }

  async #take(message: Msg): Promise<void> {
    const answer = await readAnswer(this.link, message);
    if (answer === undefined) return;
    message.respond();
    this.#open.settle(answer);
  }

  async #adopt(id: string, digest: string): Promise<void> {
    const known = await this.status(id);
    if (known.digest !== undefined && known.digest !== digest) throw AgentRequestFailed.of('DUPLICATE_TASK_ID', 'no');
    this.#open.settle(isFinal(known) && known.state === 'NOT_FOUND' ? { ...known, state: 'EVALUATING' } : known);
  }

  async #askAfterReconnect(): Promise<void> {
    for await (const status of this.link.nc.status()) if (status.type === 'reconnect') await this.#askForOpenTasks();
  }

  async #askForOpenTasks(): Promise<void> {
    for (const id of this.#open.ids(this.#askedLast)) {
      const answer = await this.status(id).catch((failure: unknown) => (asksTooMuch(failure) ? 'later' : undefined));
      this.#askedLast = id;
      if (answer === 'later') return;
      if (answer === undefined) continue;
      const misses = answer.state === 'NOT_FOUND' ? (this.#lost.get(id) ?? 0) + 1 : 0;
      if (misses > 0 && misses < POLLS_UNTIL_LOST) this.#lost.set(id, misses);
      else {
        this.#lost.delete(id);
        this.#open.settle(answer);
      }
    }
  }
}

/** Connects an agent with its credential file. */
export async function connect(credential: string | CredentialFile, options: ConnectOptions = {}): Promise<Agent> {
  return Agent.connect(credential, options);
}
