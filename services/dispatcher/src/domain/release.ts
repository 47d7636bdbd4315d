import { parseInstant } from '@countersign/primitives';
import { CONTROLS, type Control, type VerdictItem } from '@countersign/contracts';
import type { AskedReason } from './approval-request.js';
import { askedReason, isCovered } from './asked-reasons.js';
import type { CountedVerdict, Evaluation } from './model.js';

/** A verdict that lets a task pass: an approval, or a demand for a person that people have met. */
export interface Approval {
  readonly verdict: VerdictItem;
  readonly validUntil: number;
}

/** An approval from every control: there is no other way to make a release. */
export type Approvals = { readonly [C in Control]: Approval };

/** Collects the approvals of an evaluation; undefined unless every one of the six approved, or asked for what is covered. */
export function approvalsOf(evaluation: Evaluation, covered: readonly AskedReason[]): Approvals | undefined {
  const found = new Map<Control, Approval>();
  for (const control of CONTROLS) {
    const counted = evaluation.verdicts.get(control);
    if (counted === undefined || !isApproval(evaluation, counted, covered)) return undefined;
    found.set(control, { verdict: counted.verdict, validUntil: parseInstant(counted.verdict.validUntil) });
  }
  const [registry, policy, guardrails, trust, budget, audit] = CONTROLS.map((control) => found.get(control));
  if (!registry || !policy || !guardrails || !trust || !budget || !audit) return undefined;
  return { registry, policy, guardrails, trust, budget, audit };
}

function isApproval(
  evaluation: Evaluation,
  { control, verdict }: CountedVerdict,
  covered: readonly AskedReason[],
): boolean {
  switch (verdict.decision) {
    case 'APPROVE':
      return true;
    case 'DENY':
      return false;
    case 'ESCALATE':
      return (
        verdict.codes.length > 0 &&
        verdict.codes.every((code) => isCovered(askedReason(evaluation, control, code), covered))
      );
  }
}

/** What a release hands over: digest of the delivered bytes, and the facts that the claim compares. */
export interface Release {
  readonly deliverDigest: string;
  readonly transformed: boolean;
  readonly validUntil: number;
  readonly connection: NonNullable<VerdictItem['connection']>;
  readonly epochs: NonNullable<VerdictItem['epochs']>;
  readonly grant: NonNullable<VerdictItem['grant']>;
}

/** Makes a release of an approval from every control; undefined when one of them approved without what its approval has to say. */
export function releaseOf(approvals: Approvals, digest: string): Release | undefined {
  const { connection, epochs } = approvals.registry.verdict;
  const { grant } = approvals.policy.verdict;
  const { transformedDigest } = approvals.guardrails.verdict;
  if (
    connection === undefined ||
    epochs === undefined ||
    grant === undefined ||
    approvals.audit.verdict.record === undefined ||
    approvals.trust.verdict.score === undefined
  )
    return undefined;
  return {
    deliverDigest: transformedDigest ?? digest,
    transformed: transformedDigest !== undefined,
    validUntil: Math.min(...Object.values(approvals).map((a) => a.validUntil)),
    connection,
    epochs,
    grant,
  };
}
