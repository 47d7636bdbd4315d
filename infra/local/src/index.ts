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
