import type { Migration } from '@countersign/store';
import { trustTables } from './202611240001-trust.js';
import { trustEvidence } from './202611250101-trust-evidence.js';
import { boundedUses } from './202611250201-bounded-uses.js';

/** Steps of the trust schema in order. */
export const trustMigrations: readonly Migration[] = [trustTables, trustEvidence, boundedUses];
