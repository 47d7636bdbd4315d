import type { Migration } from '@countersign/store';
import { guardrailTables } from './202611240001-guardrails.js';
import { canaryAndPromptTables } from './202611250001-canaries-and-prompts.js';

/** Steps of the guardrails schema in order. */
export const guardrailsMigrations: readonly Migration[] = [guardrailTables, canaryAndPromptTables];
