import { CONTROLS, jsonValueSchema, type ExportedPayload } from '@countersign/contracts';
import { parseObject, type StoredEntry } from '@countersign/record';
import { z } from 'zod';

const verdictSchema = z.record(z.string(), jsonValueSchema);
type Verdict = z.infer<typeof verdictSchema>;
/** Beside the verdict itself: what explains nothing, and what approvals have to know of the policies of both organisations. */
const LEFT_OUT = new Set(['type', 'nonce', 'task', 'attempt', 'round', 'seq', 'digest', 'span', 'approval']);

/** The last decision of a task among its entries. */
export function lastDecision(entries: readonly StoredEntry[]): StoredEntry | undefined {
  return entries.findLast(({ header }) => parseObject(header)?.['type'] === 'decided');
}

/** The verdicts of a decision as they were signed, by control; none where their payload is gone. */
export function verdictsOf(payload: ExportedPayload | undefined): Readonly<Record<string, Verdict>> {
  if (payload?.state !== 'open') return {};
  const lines = parseObject(Buffer.from(payload.bytes, 'base64').toString('utf8')) ?? {};
  return Object.fromEntries(
    CONTROLS.flatMap((control) => {
      const line = lines[control];
      const verdict = typeof line === 'string' ? verdictSchema.safeParse(parseObject(line)).data : undefined;
      return verdict === undefined ? [] : [[control, told(verdict)] as const];
    }),
  );
}

function told(verdict: Verdict): Verdict {
  return Object.fromEntries(Object.entries(verdict).filter(([key]) => !LEFT_OUT.has(key)));
}
