export * from './host-config.js';
export * from './host-parts.js';
export * from './host.module.js';
export * from './health-server.js';
export * from './read-models.js';
export * from './readiness.js';
export * from './run-service.js';
export * from './service-definition.js';
