import type { Migration } from '@countersign/store';
import { dispatcherTables } from './202611240001-dispatcher.js';
import { approvalTables } from './202611250010-approvals.js';

/** Steps of the dispatcher's schema in order. */
export const dispatcherMigrations: readonly Migration[] = [dispatcherTables, approvalTables];
