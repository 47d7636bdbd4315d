export * from './agent.js';
export * from './errors.js';
export type { DeliveredTask, ServeOptions, TaskHandler, TaskOutcome } from './serving.js';
export type { TaskInput } from './task-input.js';
export type { AnswerData, CredentialFile, GrantClaims, Part, TaskEnvelope } from '@countersign/contracts';
