import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setUpCanary } from '@countersign/canary';
import { writeSecret } from '@countersign/installation';
import { SystemClock, SystemRandom } from '@countersign/primitives';
import type { ServiceSpec } from '../processes.js';
import type { Folders } from './folders.js';
import { connectOperator } from './operator.js';
import type { RunFile } from './run-file.js';

/** How the canary of a local system is started. */
export interface CanaryOptions {
  readonly healthPort: number;
  /** Seconds from one round to the next; 30 when absent. */
  readonly everySeconds?: number;
  readonly logLevel?: string;
}

/** The canary's program on this machine. Its organisation is made when there is none yet. */
export async function canaryProgram(run: RunFile, folders: Folders, options: CanaryOptions): Promise<ServiceSpec> {
  const file = join(folders.agents, 'canary.json');
  if (!existsSync(file)) await setUp(run, file);
  return {
    name: 'canary',
    command: process.execPath,
    args: ['--enable-source-maps', `${folders.project}/infra/canary/dist/main.js`],
    env: {
      PATH: process.env['PATH'] ?? '',
      COUNTERSIGN_CANARY_FILE: file,
      COUNTERSIGN_CANARY_EVERY_SECONDS: String(options.everySeconds ?? 30),
      COUNTERSIGN_HEALTH_PORT: String(options.healthPort),
      COUNTERSIGN_LOG_LEVEL: options.logLevel ?? 'info',
    },
    logFile: join(folders.logs, 'canary.log'),
    restart: true,
  };
}

async function setUp(run: RunFile, file: string): Promise<void> {
  const operator = await connectOperator(run);
  try {
    const [clock, random] = [new SystemClock(), new SystemRandom()];
    const made = await setUpCanary({ commands: operator.commands, natsUrls: [run.nats], clock, random });
    writeSecret(file, `${JSON.stringify(made, null, 2)}\n`);
  } finally {
    await operator.close();
  }
}
