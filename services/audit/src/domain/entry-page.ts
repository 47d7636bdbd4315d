import type { ExportedPayload } from '@countersign/contracts';
import { utf8 } from '@countersign/primitives';
import type { StoredEntry } from '@countersign/record';

/** Bytes of one page of an export: with its envelope well below what the bus takes in a message. */
const MAX_PAGE_BYTES = 800_000;

/** An entry with its payload, where it has one. */
export interface PagedEntry extends StoredEntry {
  readonly payload?: ExportedPayload;
}

/** The first entries that fit into one message, at least one. */
export function pageOf(
  entries: readonly StoredEntry[],
  payloads: ReadonlyMap<number, ExportedPayload>,
): readonly PagedEntry[] {
  const page: PagedEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const payload = payloads.get(entry.position);
    bytes += sizeOf(entry, payload);
    if (page.length > 0 && bytes > MAX_PAGE_BYTES) break;
    page.push(payload === undefined ? entry : { ...entry, payload });
  }
  return page;
}

/** A header grows when it is written as a string in JSON: its quotation marks are escaped. */
function sizeOf({ header }: StoredEntry, payload: ExportedPayload | undefined): number {
  const quoted = utf8(JSON.stringify(header)).length + 200;
  return quoted + (payload?.state === 'open' ? payload.bytes.length + 100 : 0);
}
