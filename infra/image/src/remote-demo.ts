import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { runDemo } from '@countersign/local';
import type { Attachment } from './run-file.js';
import { ROOT } from './programs.js';

/** What the demo against a running installation needs. */
export interface RemoteDemo {
  readonly attachment: Attachment;
  /** For the credential files and logs of its agents. */
  readonly folder: string;
  readonly report: (line: string) => void;
}

/** Runs the demo against an installation whose processes it cannot hold still: the tasks that need it are left out, and said to be. Returns the exit code. */
export async function runRemoteDemo({ attachment, folder, report }: RemoteDemo): Promise<number> {
  const [agents, logs] = [join(folder, 'agents'), join(folder, 'logs')];
  for (const each of [agents, logs]) mkdirSync(each, { recursive: true, mode: 0o700 });
  const demo = await runDemo({
    stage: { run: attachment, folders: { project: ROOT, state: folder, agents, logs } },
    report,
  });
  await demo.close();
  const { organisation, outcomes, recordOk, recordSize } = demo;
  const surprises = outcomes.filter((outcome) => outcome.surprise !== undefined).length;
  report(`the record of ${organisation.name} ${recordOk ? 'verifies' : 'does NOT verify'}: ${recordSize} entries`);
  report(surprises === 0 ? 'all outcomes are the expected ones' : `${surprises} outcomes are NOT the expected ones`);
  return surprises === 0 && recordOk ? 0 : 1;
}
