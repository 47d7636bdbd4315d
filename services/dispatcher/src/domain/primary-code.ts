import { CONTROLS, type CodeRef } from '@countersign/contracts';
import type { CountedVerdict } from './model.js';

/** Codes of the verdicts of one kind in the order of precedence: registry, policy, guardrails, trust, budget, audit, then by clause. A denial of registry hides the rest. */
export function codesInOrder(
  verdicts: ReadonlyMap<string, CountedVerdict>,
  decision: 'DENY' | 'ESCALATE',
): readonly CodeRef[] {
  const codes: CodeRef[] = [];
  for (const control of CONTROLS) {
    const found = verdicts.get(control)?.verdict;
    if (found?.decision !== decision) continue;
    // a control that names no code has failed to say why; its verdict stands all the same
    const own: readonly CodeRef[] =
      found.codes.length === 0
        ? [{ code: 'CONTROL_ERROR' }]
        : [...found.codes].sort((a, b) => (a.clause ?? 0) - (b.clause ?? 0));
    codes.push(...own);
    if (control === 'registry' && decision === 'DENY') return codes;
  }
  return codes;
}
