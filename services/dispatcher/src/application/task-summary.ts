import { parseInstant } from '@countersign/primitives';
import { DEADLINE } from '@countersign/contracts';
import type { TaskMessage } from '@countersign/bus';
import type { TaskFacts } from '@countersign/service-host';
import type { TaskSummary } from '../domain/model.js';

/** What of a valid envelope the dispatcher needs; throws on one that is not. */
export function summaryOf({ key, envelope, streamAt }: TaskMessage, facts: TaskFacts): TaskSummary {
  if (!envelope.ok) throw new Error('an invalid envelope has no summary');
  const { target, taskType, deadline, instance, models, tools, idempotent } = envelope.value.data;
  const parties = facts.parties(key, target);
  return {
    taskType,
    target,
    deadline: deadline === undefined ? streamAt + DEADLINE.default : parseInstant(deadline),
    instance,
    models: models ?? null,
    tools: tools ?? null,
    usesModels: parties?.target.surface.usesModels ?? false,
    idempotent: idempotent === true,
  };
}
