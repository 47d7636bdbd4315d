export * from './embedded-postgres.js';
export * from './free-port.js';
export * from './local-error.js';
export * from './process/tethered-process.js';
