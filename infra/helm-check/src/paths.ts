import { join } from 'node:path';

/** The repository. */
export const ROOT = join(import.meta.dirname, '..', '..', '..');
/** The chart. */
export const CHART = join(ROOT, 'helm', 'countersign');
