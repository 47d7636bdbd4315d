import { errors } from '@nats-io/transport-node';

/** Whether a request failed because certainly nobody was there to hear it; a time-out or a lost connection tells nothing. */
export function isNoResponders(error: unknown): boolean {
  return error instanceof errors.RequestError && error.isNoResponders();
}
