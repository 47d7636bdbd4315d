export * from './agent.js';
export * from './errors.js';
export * from './retry-advice.js';
export type { DeliveredTask, ServeOptions, TaskHandler, TaskOutcome } from './serving.js';
export type { TaskInput } from './task-input.js';
export type {
  AnswerData,
  CheckReply,
  CredentialFile,
  GrantClaims,
  Part,
  TaskEnvelope,
  Usage,
} from '@countersign/contracts';
