import { AuthorizationError, connect, type Auth, type NatsConnection } from '@nats-io/transport-node';
import { signConnection, type SigningKey } from '@countersign/identity';
import { inboxPrefixOf } from './bus.js';
import { BusUnreachable, NotLetIn } from './errors.js';

/** How a person reaches NATS. */
export interface PersonConnectionOptions {
  readonly servers: readonly string[];
  /** The person's own; its id is the user. */
  readonly key: SigningKey;
  /** Milliseconds that one try to connect to one server may take. */
  readonly timeoutMs: number;
}

/**
 * Connects with a person's key to the account of people, in which nothing can be done but send signed commands. The signature is over the nonce of the connection, so each try signs anew.
 * Rejects with {@link NotLetIn} when the key is nobody's who may come in, with {@link BusUnreachable} when there is no server.
 */
export async function connectPerson({ servers, key, timeoutMs }: PersonConnectionOptions): Promise<NatsConnection> {
  return connect({
    servers: [...servers],
    authenticator: (nonce = ''): Auth => signConnection(key, nonce),
    name: 'person',
    inboxPrefix: inboxPrefixOf(key.kid),
    timeout: timeoutMs,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    noAsyncTraces: true,
  }).catch((error: unknown) => {
    throw error instanceof AuthorizationError ? new NotLetIn() : new BusUnreachable(servers, error);
  });
}
