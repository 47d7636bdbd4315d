import type { COMMANDS, AnswerOf } from '@countersign/contracts';
import { tableLines } from '../output.js';

type Revoked = AnswerOf<(typeof COMMANDS)['registry']['agentRevoke']>;

/** How long a command may take that is answered when nothing more is handed over. */
export const REVOKING = { timeoutMs: 15_000 } as const;

/** That the dispatcher has not confirmed a block yet, if it has not. */
export function pendingLines({ pending }: Revoked): readonly string[] {
  return pending ? ['the dispatcher has not confirmed yet: repeated until it does, read models deny meanwhile'] : [];
}

/** What was handed over before a block, and goes on. */
export function handedOverLines({ handedOver }: Revoked): readonly string[] {
  return handedOver.length === 0
    ? ['nothing was handed over before']
    : tableLines(
        ['HANDED OVER BEFORE'],
        handedOver.map((t) => [t.task]),
      );
}
