import type { Migration } from '@countersign/store';
import { dispatcherTables } from './202611240001-dispatcher.js';
import { approvalTables } from './202611250010-approvals.js';
import { attemptsTables } from './202611250025-attempts.js';
import { hotRows } from './202611251000-hot-rows.js';
import { stuckRows } from './202611251615-stuck-rows.js';

/** Steps of the dispatcher's schema in order. */
export const dispatcherMigrations: readonly Migration[] = [
  dispatcherTables,
  approvalTables,
  attemptsTables,
  hotRows,
  stuckRows,
];
