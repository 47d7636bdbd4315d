export * from './frames.js';
export * from './grants.js';
export * from './replies.js';
export * from './signing-key.js';
export * from './trust-bundle.js';
