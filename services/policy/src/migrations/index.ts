import type { Migration } from '@countersign/store';
import { policyTables } from './202611240001-policy.js';
import { rateTables } from './202611250001-rates.js';

/** Steps of the policy schema in order. */
export const policyMigrations: readonly Migration[] = [policyTables, rateTables];
