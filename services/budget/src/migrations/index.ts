import type { Migration } from '@countersign/store';
import { budgetTables } from './202611240001-budget.js';

/** Steps of the budget schema in order. */
export const budgetMigrations: readonly Migration[] = [budgetTables];
