import type { CommandReply } from '@countersign/contracts';

/** One command of one actor under one key; another request under the same key is refused. */
export interface IdempotencyScope {
  readonly verb: string;
  readonly actor: string;
  readonly key: string;
  readonly requestHash: string;
}

/** Remembers what commands were answered: the same idempotency key again answers the same and does nothing. */
export abstract class IdempotencyStore {
  /** Carries a command out once; a repetition gets the stored answer. An exception of `run` is not remembered. */
  abstract once(scope: IdempotencyScope, run: () => Promise<CommandReply>): Promise<CommandReply>;
}
