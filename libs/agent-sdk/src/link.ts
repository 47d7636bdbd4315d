import { connect, headers, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { writeOnceATurn, type Clock, type Random, type Requests } from '@countersign/primitives';
import { SIGNATURE_HEADERS, type CredentialFile } from '@countersign/contracts';
import type { ReceivedSignature } from '@countersign/identity';
import type { UntrustedMessage } from './errors.js';
import type { TrustStore } from './trust-store.js';

/** One agent's connection with what everything on it needs. */
export interface Link {
  readonly nc: NatsConnection;
  /** Requests over the connection, for what is asked with every task. */
  readonly requests: Requests<Msg, MsgHdrs>;
  readonly credential: CredentialFile;
  readonly trust: TrustStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly onUntrusted: (message: UntrustedMessage) => void;
}

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;
/** A machine that is gone refuses nothing, so the next server is tried after this long; whoever is let in at all is let in within 3 s. */
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Connects with client id and secret; keeps trying for ever once it was connected. A refusal ends nothing: while the control plane starts again nobody can be
 * let in. Waits grow to 10 s, with jitter so that a fleet does not return at once.
 */
export async function openConnection(credential: CredentialFile, random: Random): Promise<NatsConnection> {
  let tries = 0;
  const nc = await connect({
    servers: [...credential.nats],
    user: credential.clientId,
    pass: credential.clientSecret,
    name: `agent ${credential.name}`,
    inboxPrefix: credential.inboxPrefix,
    timeout: CONNECT_TIMEOUT_MS,
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    reconnectDelayHandler: () => {
      tries += 1;
      return reconnectWait(tries, random);
    },
    noAsyncTraces: true,
    pingInterval: 20_000,
  });
  writeOnceATurn(nc);
  void (async () => {
    for await (const status of nc.status()) if (status.type === 'reconnect') tries = 0;
  })();
  return nc;
}

/** Milliseconds before a try to reconnect, counted from 1: doubled every time up to 10 s, of which half is jitter. */
export function reconnectWait(tries: number, random: Random): number {
  const wait = Math.min(FIRST_WAIT_MS * 2 ** Math.min(tries, 10), LONGEST_WAIT_MS);
  return wait / 2 + (wait / 2) * ((random.bytes(1)[0] ?? 0) / 256);
}

/** The signature headers of a message exactly as often as they stood in it. */
export function signatureOf(message: Pick<Msg, 'headers'>): ReceivedSignature {
  const found = message.headers ?? headers();
  return { kid: found.values(SIGNATURE_HEADERS.kid), sig: found.values(SIGNATURE_HEADERS.sig) };
}

/** Parses JSON bytes; undefined when they are none. */
export function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch {
    return undefined;
  }
}
