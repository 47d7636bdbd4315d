import type { TaskKey } from '@countersign/contracts';

/** An attempt of a task. */
export interface AttemptKey {
  readonly key: TaskKey;
  readonly attempt: number;
}

/** One round of an attempt. */
export interface RoundKey extends AttemptKey {
  readonly round: number;
}

/** Key of an attempt as one string: `org/agent/task/attempt`. */
export function attemptText({ key, attempt }: AttemptKey): string {
  return `${key.org}/${key.agent}/${key.task}/${attempt}`;
}
