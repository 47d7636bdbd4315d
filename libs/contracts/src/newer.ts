import { z } from 'zod';

/** Every type of item that this release knows, whatever frame it stands in. */
export const ITEM_TYPES: readonly string[] = [
  'verdict',
  'withdraw',
  'decided',
  'claimed',
  'resulted',
  'finished',
  'moved',
  'approval',
  'corrected',
  'screen',
  'screened',
  'recorded',
];

const KNOWN: ReadonlySet<unknown> = new Set(ITEM_TYPES);
const TYPE = /^[a-z][a-z_-]{0,39}$/;
const ignorableSchema = z.looseObject({ kind: z.string().regex(TYPE), optional: z.literal(true) });

/** Whether this is an item of a type that only a newer release knows: it says nothing to this one, and is neither an error nor an attack. */
export function isOfNewerType(content: unknown): boolean {
  // every item of every frame is asked this, so no schema is run
  if (!isRecord(content) || !('type' in content)) return false;
  const { type } = content;
  return typeof type === 'string' && !KNOWN.has(type) && TYPE.test(type);
}

/**
 * Whether signed content names fields, in `crit`, that its reader must understand (as `crit` of RFC 7515 does). This release knows none, so whatever names one is not
 * read at all: a field that forbids something would otherwise be dropped in silence by a reader of an earlier release.
 */
export function asksForMore(content: unknown): boolean {
  return isRecord(content) && 'crit' in content && content.crit !== undefined;
}

/** Whether a record of a read model is of a kind that is not among those known, and its owner says that a reader who does not know it may go on without it. */
export function mayBeIgnored(content: unknown, known: readonly string[]): boolean {
  const record = ignorableSchema.safeParse(content);
  return record.success && !known.includes(record.data.kind) && !asksForMore(content);
}

function isRecord(content: unknown): content is object {
  return typeof content === 'object' && content !== null && !Array.isArray(content);
}
