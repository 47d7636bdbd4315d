import type { Migration } from '@countersign/store';
import { guardrailTables } from './202611240001-guardrails.js';

/** Steps of the guardrails schema in order. */
export const guardrailsMigrations: readonly Migration[] = [guardrailTables];
