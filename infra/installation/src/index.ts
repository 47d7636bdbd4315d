export * from './database.js';
export * from './files.js';
export * from './installation.js';
export * from './key-files.js';
export * from './provisioning.js';
export * from './rotation.js';
export * from './service-env.js';
export * from './services.js';
