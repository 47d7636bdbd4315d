import { COMMANDS } from '@countersign/contracts';
import type { Operator } from '@countersign/local';

/** How often each task of an organisation was decided, as its record says. */
export async function recordedDecisions({ commands }: Operator, org: string): Promise<ReadonlyMap<string, number>> {
  const { size } = await commands.call(COMMANDS.audit.verify, { org }, { timeoutMs: 60_000 });
  const decided = new Map<string, number>();
  // a page ends where a message is full
  for (let from = 0; from < size;) {
    const { entries } = await commands.call(COMMANDS.audit.export, { org, from });
    if (entries.length === 0) throw new Error(`the record has no entry ${String(from)} of ${String(size)}`);
    from += entries.length;
    for (const { header } of entries) {
      const { type, task } = JSON.parse(header) as { readonly type: string; readonly task?: string };
      if (type === 'decided' && task !== undefined) decided.set(task, (decided.get(task) ?? 0) + 1);
    }
  }
  return decided;
}
