import { jetstream, jetstreamManager, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream';
import {
  AuthorizationError,
  connect,
  nkeyAuthenticator,
  nuid,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
} from '@nats-io/transport-node';
import { Requests, utf8, writeOnceATurn } from '@countersign/primitives';
import type { Signer } from '@countersign/contracts';
import { BusUnreachable } from './errors.js';

const OLDEST_SERVER = [2, 12] as const;

/** How a service reaches NATS. `nkeySeed` is the seed of its user key. */
export interface BusOptions {
  readonly servers: readonly string[];
  readonly service: Signer | 'provisioner';
  readonly nkeySeed: string;
  /** Milliseconds that one try to connect to one server may take, 10 s when absent; once connected it is tried for ever. */
  readonly timeoutMs?: number;
}

/** One connection of one service to the account CONTROL. */
export class Bus {
  /** Tells this process from every other of its service. */
  readonly instance = nuid.next();
  /** Requests over this connection. */
  readonly requests: Requests<Msg, MsgHdrs>;

  private constructor(
    readonly service: Signer | 'provisioner',
    readonly nc: NatsConnection,
    readonly js: JetStreamClient,
    readonly jsm: JetStreamManager,
  ) {
    this.requests = new Requests<Msg, MsgHdrs>(nc, `${inboxPrefixOf(service)}.${nuid.next()}`);
  }

  /** Connects and refuses a server that is too old to know the safety flags of the streams. Rejects with {@link BusUnreachable} when there is none. */
  static async connect(options: BusOptions): Promise<Bus> {
    const nc = await connect({
      servers: [...options.servers],
      authenticator: nkeyAuthenticator(utf8(options.nkeySeed.trim())),
      name: options.service,
      inboxPrefix: inboxPrefixOf(options.service),
      timeout: options.timeoutMs ?? 10_000,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      reconnectJitter: 250,
      ignoreAuthErrorAbort: true,
      pingInterval: 20_000,
      noAsyncTraces: true,
    }).catch((error: unknown) => {
      throw error instanceof AuthorizationError ? error : new BusUnreachable(options.servers, error);
    });
    writeOnceATurn(nc);
    refuseOldServer(nc.info?.version ?? '0.0');
    return new Bus(options.service, nc, jetstream(nc), await jetstreamManager(nc, { checkAPI: false }));
  }

  /** Whether there is a live connection at this moment. */
  get connected(): boolean {
    return !this.nc.isClosed() && !this.nc.isDraining() && this.nc.info !== undefined && this.#live;
  }

  #live = true;

  /** Keeps {@link connected} up to date; ends with the connection. */
  async watch(onChange: (connected: boolean) => void = () => undefined): Promise<void> {
    for await (const status of this.nc.status()) {
      if (status.type === 'disconnect' || status.type === 'reconnect') {
        this.#live = status.type === 'reconnect';
        onChange(this.#live);
      }
    }
  }

  #onSilence: (stream: string) => void = () => undefined;

  /** Names whoever hears of consumers that fell silent and were replaced: a server may be lost. */
  hearSilence(listener: (stream: string) => void): void {
    this.#onSilence = listener;
  }

  /** A consumer of this stream had fallen silent and was replaced. */
  noteSilence(stream: string): void {
    this.#onSilence(stream);
  }

  /** A name for the consumers of one reader. It is unique: readers of one name would share the messages instead of each reading all. */
  readerName(what: string): string {
    return `${this.service}-${what}-${nuid.next()}`;
  }

  /** Sends what is buffered, ends every subscription and closes. */
  async drain(): Promise<void> {
    if (!this.nc.isClosed()) await this.nc.drain().catch(() => this.nc.close());
  }
}

/** Prefix of a service's reply subjects: the only ones it may subscribe. */
export function inboxPrefixOf(service: string): string {
  return `_INBOX_${service}`;
}

function refuseOldServer(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantMajor, wantMinor] = OLDEST_SERVER;
  if (major < wantMajor || (major === wantMajor && minor < wantMinor))
    throw new Error(
      `nats-server ${version} is older than ${wantMajor}.${wantMinor}: it would drop safety flags of the streams in silence`,
    );
}
