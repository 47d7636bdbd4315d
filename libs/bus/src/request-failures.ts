import { errors, PermissionViolationError } from '@nats-io/transport-node';

/** Whether a request failed because certainly nobody was there to hear it; a time-out or a lost connection tells nothing. */
export function isNoResponders(error: unknown): boolean {
  return error instanceof errors.RequestError && error.isNoResponders();
}

/** Whether the server did not let a request through, because whoever is connected may not publish there. */
export function isForbidden(error: unknown): boolean {
  return (
    error instanceof PermissionViolationError ||
    (error instanceof Error && error.cause instanceof PermissionViolationError)
  );
}
