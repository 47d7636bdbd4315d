import { join } from 'node:path';
import type { Folders } from '../system/folders.js';
import type { LocalSystem } from '../system/local-system.js';
import type { RunFile } from '../system/run-file.js';

/** Holds a service still and lets it go on. */
export interface ProcessControl {
  readonly freeze: (service: string) => void;
  readonly thaw: (service: string) => void;
  readonly untilReady: (service: string) => Promise<void>;
}

/** What the demo runs against. */
export interface DemoStage {
  /** How the operator attaches. */
  readonly run: Pick<RunFile, 'nats' | 'operator'>;
  /** Where the demo finds its scenario and writes credentials and logs. */
  readonly folders: Pick<Folders, 'project' | 'agents' | 'logs' | 'state'>;
  /** Absent where the processes belong to someone else: tasks that need one held still are left out then. */
  readonly control?: ProcessControl;
  /** Hears of every agent that was made. */
  readonly noteAgent?: (name: string, credentialFile: string) => void;
}

/** The local system as a stage. */
export function stageOf(system: LocalSystem): DemoStage {
  return {
    run: system.run,
    folders: system.folders,
    noteAgent: (name, file) => system.noteAgent(name, file),
    control: {
      freeze: (service) => system.services.get(service)?.kill('SIGSTOP'),
      thaw: (service) => system.services.get(service)?.kill('SIGCONT'),
      untilReady: async (service) => {
        await system.services.get(service)?.untilReady(`${system.run.services[service]?.health ?? ''}/ready`);
      },
    },
  };
}

/** The folder of the scenario. */
export function scenarioFolder({ folders }: DemoStage): string {
  return join(folders.project, 'infra', 'local', 'demo');
}
