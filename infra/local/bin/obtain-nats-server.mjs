/** Run by the test runner on the dependencies' Node: fetches a nats-server once, before many tests ask for it at the same time. */
import { join } from 'node:path';
import { obtainNatsServer } from '../dist/index.js';
import { root } from './bootstrap.mjs';
import { fail, say } from './shared/terminal.mjs';

try {
  const server = await obtainNatsServer({ cacheDir: join(root, '.countersign', 'cache'), report: say });
  for (const reason of server.passedOver) say(`  passed over: ${reason}`);
  say(`  nats-server ${server.version} (${server.path})`);
} catch (error) {
  fail(error);
}
