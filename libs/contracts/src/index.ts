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
export { itemTaskSchema } from './item-head.js';
export * from './verdict-items.js';
export * from './frame.js';
export * from './packed-lines.js';
export * from './newer.js';
export * from './fits.js';
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
export { revocationSchema, shareSchema, type Share } from './commands/registry.js';
export {
  budgetEventSchema,
  budgetScopeSchema,
  budgetStateSchema,
  type BudgetEventRecord,
  type BudgetScope,
  type BudgetState,
} from './commands/budget.js';
export {
  actionSchema,
  approvalRequestSchema,
  taskRowSchema,
  type Action,
  type PendingApproval,
  type TaskRow,
} from './commands/dispatcher.js';
export {
  negativeSummarySchema,
  POSTURE_FACT_NAMES,
  POSTURE_FACTS,
  postureSchema,
  trustBreakdownSchema,
  trustCapSchema,
  trustFactSchema,
  trustGateSchema,
  trustSnapshotSchema,
  type NegativeSummary,
  type PostureFactName,
  type PostureStatement,
  type TrustBreakdown,
  type TrustFact,
  type TrustSnapshot,
} from './commands/trust.js';
export {
  auditEntrySchema,
  epochSchema,
  ERASURE_REASONS,
  exportedPayloadSchema,
  type ErasureReason,
  type ExportedPayload,
} from './commands/audit.js';
export * from './agent-requests.js';
