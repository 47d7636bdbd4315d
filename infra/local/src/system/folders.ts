import { join } from 'node:path';

/** Where a local system keeps everything it makes. */
export interface Folders {
  readonly project: string;
  /** `.countersign`. */
  readonly state: string;
  readonly keys: string;
  readonly agents: string;
  readonly logs: string;
  readonly nats: string;
  readonly postgres: string;
  readonly cache: string;
  readonly runFile: string;
}

/** Folders of a local system below a state folder. */
export function foldersOf(project: string, state = join(project, '.countersign')): Folders {
  const at = (name: string): string => join(state, name);
  return {
    project,
    state,
    keys: at('keys'),
    agents: at('agents'),
    logs: at('logs'),
    nats: at('nats'),
    postgres: at('postgres'),
    cache: join(project, '.countersign', 'cache'),
    runFile: at('run.json'),
  };
}
