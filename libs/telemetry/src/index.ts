export * from './log-fields.js';
export * from './logger.js';
