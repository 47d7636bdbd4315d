import type { Options } from '../run.js';

/** The option of a command about an organisation. */
export const ORG = ['--org <org>', 'organisation by name; the newest when absent'] as const;

/** Options of a command about an organisation. */
export interface OrgOptions extends Options {
  readonly org?: string;
}
