export * from './chain.js';
export * from './checkpoint.js';
export * from './commitment.js';
export * from './export-file.js';
export * from './frontier.js';
export { type PayloadSummary } from './payload-check.js';
export * from './record-problem.js';
export * from './signed-note.js';
export * from './verify-export.js';
