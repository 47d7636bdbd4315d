import type { Migration } from '@countersign/store';
import { policyTables } from './202611240001-policy.js';

/** Steps of the policy schema in order. */
export const policyMigrations: readonly Migration[] = [policyTables];
