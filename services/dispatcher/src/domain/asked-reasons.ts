import { CONTROLS, type CodeRef, type Control } from '@countersign/contracts';
import { sameReason, type AskedReason } from './approval-request.js';
import type { Evaluation } from './model.js';

/** The reason that a code of a control is: a rule of the target's organisation asks there, every other in the client's. */
export function askedReason(evaluation: Evaluation, service: Control, { code, id, side }: CodeRef): AskedReason {
  const client = evaluation.key.org;
  const target = evaluation.verdicts.get('registry')?.verdict.connection?.org;
  return {
    service,
    code,
    org: side === 'target' ? (target ?? client) : client,
    ...(id === undefined ? {} : { id }),
  };
}

/** Every reason for which controls ask people, in the order of the controls. */
export function askedReasons(evaluation: Evaluation): readonly AskedReason[] {
  return CONTROLS.flatMap((service) => {
    const verdict = evaluation.verdicts.get(service)?.verdict;
    return verdict?.decision === 'ESCALATE' ? verdict.codes.map((code) => askedReason(evaluation, service, code)) : [];
  });
}

/** Whether people have approved this reason. */
export function isCovered(reason: AskedReason, covered: readonly AskedReason[]): boolean {
  return covered.some((known) => sameReason(known, reason));
}
