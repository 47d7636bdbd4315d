export * from './alerts.js';
export * from './objectives.js';
export * from './rules.js';
export * from './dashboards/boards.js';
