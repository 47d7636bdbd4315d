export * from './birds.js';
export * from './canary.js';
export * from './outcome.js';
export * from './probes.js';
export * from './run-canary.js';
export * from './set-up-program.js';
export * from './set-up.js';
