export * from './embedded-postgres.js';
export * from './free-port.js';
export * from './local-error.js';
export * from './nats-process.js';
export * from './nats-server.js';
export {
  MINIMUM_VERSION as MINIMUM_NATS_SERVER_VERSION,
  PINNED_VERSION as PINNED_NATS_SERVER_VERSION,
} from './nats-server/version.js';
export * from './process/tethered-process.js';
export * from './process/shutdown.js';
export * from './processes.js';
export { withFileLock } from '../bin/shared/file-lock.mjs';
export { isSameProcess, processIdentity } from '../bin/shared/process-identity.mjs';

export * from './system/folders.js';
export * from '@countersign/installation';
export * from './system/local-system.js';
export * from './system/operator.js';
export * from './system/run-file.js';
export { readOtlpTraces, type ReceivedSpan } from './traces/otlp-json.js';

export { createDemoOrganisation, type DemoOrganisation } from './demo/organisation.js';
export { runDemo, type Demo, type DemoReport } from './demo/run-demo.js';
export { stageOf, type DemoStage } from './demo/stage.js';
export type { DemoOutcome } from './demo/task-run.js';
export { lineOf } from './demo/table.js';
export { inputOf, readDemo, surpriseOf, type DemoTask } from './demo/scenario.js';
