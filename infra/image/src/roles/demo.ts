import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runFileOf } from '../run-file.js';
import { runRemoteDemo } from '../remote-demo.js';

/** Makes an organisation, starts its agents, submits the demo's tasks, and ends with 0 only when every outcome is the expected one. */
export async function run(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-demo-'));
  try {
    return await runRemoteDemo({
      attachment: runFileOf(process.env),
      folder,
      report: (line) => void process.stdout.write(`${line}\n`),
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
