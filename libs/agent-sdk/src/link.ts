import { connect, headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import type { Clock, Random } from '@countersign/primitives';
import { SIGNATURE_HEADERS, type CredentialFile } from '@countersign/contracts';
import type { ReceivedSignature } from '@countersign/identity';
import type { UntrustedMessage } from './errors.js';
import type { TrustStore } from './trust-store.js';

/** One agent's connection with what everything on it needs. */
export interface Link {
  readonly nc: NatsConnection;
  readonly credential: CredentialFile;
  readonly trust: TrustStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly onUntrusted: (message: UntrustedMessage) => void;
}

/** Connects with client id and secret; keeps trying for ever once it was connected, with jitter so that a fleet does not return at once. */
export async function openConnection(credential: CredentialFile): Promise<NatsConnection> {
  return connect({
    servers: [...credential.nats],
    user: credential.clientId,
    pass: credential.clientSecret,
    name: `agent ${credential.name}`,
    inboxPrefix: credential.inboxPrefix,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 500,
    noAsyncTraces: true,
    pingInterval: 20_000,
  });
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
