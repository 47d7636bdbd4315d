import type { Migration } from '@countersign/store';
import { auditTables } from './202611240001-audit.js';

/** Steps of the audit schema in order. */
export const auditMigrations: readonly Migration[] = [auditTables];
