/** A system that is started by a process of its own, so that the starter can be killed too. Run by Node.js as it stands: packages only, no relative imports. */
import { LocalSystem } from '@countersign/local';

const [project = '', state = ''] = process.argv.slice(2);
const system = await LocalSystem.start({ project, state, logLevel: 'warn', report: () => undefined });
process.on('SIGTERM', () => void system.stop().then(() => process.exit(0)));
process.stdout.write('ready\n');
setInterval(() => undefined, 60_000);
