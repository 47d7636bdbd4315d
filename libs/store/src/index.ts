export * from './command-log.js';
export * from './database.js';
export * from './database-clock.js';
export * from './errors.js';
export * from './migrations.js';
export * from './outbox.js';
export * from './roles.js';
export * from './sealing.js';
export { type Tx } from './transaction.js';
