import type { Migration } from '@countersign/store';
import { budgetTables } from './202611240001-budget.js';
import { capsDaysEvents } from './202611250021-caps-days-events.js';

/** Steps of the budget schema in order. */
export const budgetMigrations: readonly Migration[] = [budgetTables, capsDaysEvents];
