import type { Migration } from '@countersign/store';
import { registryTables } from './202611240001-registry.js';
import { peopleTables } from './202611250001-people.js';

/** Steps of the registry's schema in order. */
export const registryMigrations: readonly Migration[] = [registryTables, peopleTables];
