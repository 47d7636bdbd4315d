import type { Migration } from '@countersign/store';
import { auditTables } from './202611240001-audit.js';
import { payloadTables } from './202611250001-payloads.js';
import { appendSet } from './202611251100-append-set.js';
import { lightStatistics } from './202611251110-light-statistics.js';

/** Steps of the audit schema in order. */
export const auditMigrations: readonly Migration[] = [auditTables, payloadTables, appendSet, lightStatistics];
