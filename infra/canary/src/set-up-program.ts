import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Bus, CommandClient } from '@countersign/bus';
import { SigningKey, TrustBundle } from '@countersign/identity';
import { SystemClock, SystemRandom } from '@countersign/primitives';
import { readConfig } from '@countersign/service-host';
import type { CanaryFile } from './birds.js';
import { setUpConfig } from './canary.config.js';
import { setUpCanary } from './set-up.js';

/** `setup`: makes the canary's organisation with the operator's key and writes its file. A file that is there already stays: the canary has its organisation. */
export async function runSetUp(env: NodeJS.ProcessEnv): Promise<void> {
  const config = readConfig(setUpConfig, env);
  const path = config.COUNTERSIGN_CANARY_FILE;
  if (existsSync(path)) return void process.stdout.write(`${path} is there already\n`);
  const bus = await Bus.connect({
    servers: config.COUNTERSIGN_NATS_URL,
    service: 'operator',
    nkeySeed: config.COUNTERSIGN_NATS_SEED_FILE,
  });
  try {
    const [clock, random] = [new SystemClock(), new SystemRandom()];
    const commands = new CommandClient({
      bus,
      key: SigningKey.fromPem('operator', config.COUNTERSIGN_SIGNING_KEY_FILE),
      bundle: TrustBundle.open(
        JSON.parse(readFileSync(config.COUNTERSIGN_TRUST_BUNDLE_FILE, 'utf8')),
        config.COUNTERSIGN_INSTALLATION_KEY,
      ),
      clock,
      random,
      actor: { kind: 'operator', id: 'canary setup' },
    });
    const natsUrls = config.COUNTERSIGN_CANARY_NATS_URL ?? config.COUNTERSIGN_NATS_URL;
    write(path, await setUpCanary({ commands, natsUrls, clock, random }));
  } finally {
    await bus.drain();
  }
  process.stdout.write(`wrote ${path}\n`);
}

function write(path: string, file: CanaryFile): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
  chmodSync(temporary, 0o600);
  renameSync(temporary, path);
}
