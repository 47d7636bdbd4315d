export * from './identities.js';
export * from './limits.js';
export * from './json-value.js';
export * from './partition.js';
export * from './subjects.js';
export * from './digests.js';
export * from './reason-codes.js';
export * from './codes.js';
export * from './envelope.js';
export * from './policy-document.js';
export * from './roles.js';
export * from './guardrail.js';
export * from './read-models.js';
export * from './frame-items.js';
export * from './frame.js';
export * from './round.js';
export * from './trust-bundle.js';
export * from './cost.js';
export * from './streams.js';
export * from './commands.js';
export {
  actorSchema,
  commandEnvelopeSchema,
  commandReplySchema,
  problemSchema,
  type Actor,
  type CommandEnvelope,
  type CommandReply,
  type CommandService,
  type CommandSpec,
  type Problem,
} from './commands/command.js';
export { revocationSchema } from './commands/registry.js';
export { budgetScopeSchema, budgetStateSchema, type BudgetScope } from './commands/budget.js';
export { actionSchema, taskRowSchema, type Action, type TaskRow } from './commands/dispatcher.js';
export {
  auditEntrySchema,
  epochSchema,
  ERASURE_REASONS,
  exportedPayloadSchema,
  type ErasureReason,
  type ExportedPayload,
} from './commands/audit.js';
export * from './agent-requests.js';
