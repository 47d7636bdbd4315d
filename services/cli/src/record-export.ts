import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { COMMANDS } from '@countersign/contracts';
import { fingerprintOf, type ExportHead } from '@countersign/record';
import type { Session } from './session.js';

const { audit } = COMMANDS;
const WALK_MS = 120_000;

/** What to export, and where to. */
export interface ExportRequest {
  readonly org: string;
  readonly path: string;
  readonly payloads: boolean;
}

/** What was exported. */
export interface Exported {
  readonly size: number;
  readonly root: string;
  readonly installationKey: string;
}

/** Writes a record as JSON Lines: a head with a checkpoint that was signed first, then every entry that it covers, page by page. The file is readable by its owner only. */
export async function exportRecord(session: Session, { org, path, payloads }: ExportRequest): Promise<Exported> {
  const signed = await session.commands.call(audit.checkpoint, { org }, { timeoutMs: WALK_MS });
  const { size, root, head, origin, note } = signed;
  const { installationKey, trustBundle } = session;
  const first: ExportHead = {
    ...{ v: 1, kind: 'countersign-record', org, origin, size, root, head, checkpoint: note, trustBundle, payloads },
    installationKey: fingerprintOf(installationKey),
    exportedAt: new Date().toISOString(),
  };
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
  await write(file, first);
  for (let from = 0; from < size;) {
    const { entries } = await session.commands.call(audit.export, { org, from, payloads });
    const wanted = entries.filter(({ position }) => position < size);
    if (wanted.length === 0) throw new Error(`the record of ${size} entries ends at ${from}`);
    for (const entry of wanted) await write(file, entry);
    from += wanted.length;
  }
  file.end();
  await finished(file);
  return { size, root, installationKey };
}

async function write(file: WriteStream, line: object): Promise<void> {
  if (!file.write(`${JSON.stringify(line)}\n`)) await once(file, 'drain');
}
