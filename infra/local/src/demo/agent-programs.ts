import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalError } from '../local-error.js';
import type { ProcessGroup } from '../processes.js';
import type { DemoOrganisation } from './organisation.js';
import type { DemoStage } from './stage.js';

const SERVING = ['reviewer', 'summariser', 'converter', 'helpdesk'] as const;
const PATIENCE_MS = 15_000;

/** Starts the agents that serve, as programs of their own, and waits until they do. */
export async function startAgents(
  group: ProcessGroup,
  stage: DemoStage,
  organisation: DemoOrganisation,
): Promise<void> {
  await Promise.all(SERVING.map((role) => startAgent(group, stage, { role, organisation })));
}

async function startAgent(
  group: ProcessGroup,
  stage: DemoStage,
  { role, organisation }: { readonly role: string; readonly organisation: DemoOrganisation },
): Promise<void> {
  const logFile = join(stage.folders.logs, `agent-${organisation.name}-${role}.log`);
  const program = join(stage.folders.project, 'infra', 'local', 'dist', 'demo', 'agents', 'main.js');
  await group.start({
    name: `agent ${role}`,
    command: process.execPath,
    args: [program, role, organisation.credentials.get(role) ?? '', organisation.notes],
    env: { PATH: process.env['PATH'] ?? '' },
    logFile,
  });
  const until = performance.now() + PATIENCE_MS;
  while (!(existsSync(logFile) && readFileSync(logFile, 'utf8').includes('serving'))) {
    if (performance.now() > until)
      throw new LocalError('PROCESS_FAILED', `agent ${role} did not start to serve; see ${logFile}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
