import { runCanary } from './run-canary.js';
import { runSetUp } from './set-up-program.js';

const [, , role] = process.argv;
try {
  if (role !== undefined && role !== 'setup')
    throw new Error(`there is no command ${role}; right would be setup, or none`);
  await (role === 'setup' ? runSetUp(process.env) : runCanary(process.env));
  process.exit(0);
} catch (error) {
  process.stderr.write(`canary: ${error instanceof Error ? error.message : 'failed'}\n`);
  process.exit(1);
}
