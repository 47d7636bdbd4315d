import type { Policy } from '@countersign/contracts';
import { YOUNG_GRANTS_MS } from './families/security.js';

/** Kinds of grant that count for least privilege. */
export const GRANT_KINDS = ['taskTypes', 'models', 'tools'] as const;
/** A kind of grant. */
export type GrantKind = (typeof GRANT_KINDS)[number];

/** When an agent last used an entry (ms). */
export interface GrantUse {
  readonly kind: GrantKind;
  readonly entry: string;
  readonly at: number;
}

/** A use as it is kept. */
export interface NotedUse extends GrantUse {
  /** Whether the client's own side wrote this very entry down, in its surface or in a policy of its connections. */
  readonly declared: boolean;
}

/** How much an agent was given over its connections as a client, and how much of that it used. */
export interface Privilege {
  /** A list that is null, or holds a lone star. */
  readonly wildcard: boolean;
  readonly granted: number;
  readonly used: number;
  /** Patterns that nothing of the last 30 days matches, as `kind:pattern`. */
  readonly unused: readonly string[];
}

/** Compares what connections grant with what ran in the last 30 days; a pattern is used when one match ran. Instants in ms. */
export function privilegeOf(
  documents: readonly Pick<Policy, GrantKind>[],
  uses: readonly GrantUse[],
  now: number,
): Privilege {
  const recent = uses.filter((use) => use.at <= now && now - use.at < YOUNG_GRANTS_MS);
  const patterns = documents.flatMap((document) =>
    GRANT_KINDS.flatMap((kind) => (document[kind] ?? ['*']).map((pattern) => ({ kind, pattern }))),
  );
  const unused = patterns.filter(
    ({ kind, pattern }) => !recent.some((use) => use.kind === kind && matches(pattern, use.entry)),
  );
  return {
    wildcard: patterns.some(({ pattern }) => pattern === '*'),
    granted: patterns.length,
    used: patterns.length - unused.length,
    unused: unused.map(({ kind, pattern }) => `${kind}:${pattern}`),
  };
}

function matches(pattern: string, entry: string): boolean {
  return pattern.endsWith('*') ? entry.startsWith(pattern.slice(0, -1)) : pattern === entry;
}
