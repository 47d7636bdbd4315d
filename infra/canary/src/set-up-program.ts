import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bus, CommandClient, CommandTimeout } from '@countersign/bus';
import { COMMANDS } from '@countersign/contracts';
import { SigningKey, TrustBundle } from '@countersign/identity';
import { SystemClock, SystemRandom } from '@countersign/primitives';
import { readConfig } from '@countersign/service-host';
import type { CanaryFile } from './birds.js';
import { setUpConfig } from './canary.config.js';
import { retireEarlier, setUpCanary } from './set-up.js';

const PATIENCE_MS = 60_000;
const RETRY_MS = 1_000;

/**
 * `setup`: makes the canary's organisation with the operator's key and writes its file. It may be repeated: a file that is there already stays, because the canary has its
 * organisation; where files do not last, `COUNTERSIGN_CANARY_NAME` has what earlier set-ups made suspended first. Waits up to 60 s for registry.
 */
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
    await untilAnswered(commands);
    const name = config.COUNTERSIGN_CANARY_NAME;
    const retired = name === undefined ? [] : await retireEarlier(commands, name);
    if (retired.length > 0) process.stdout.write(`suspended ${retired.join(', ')}\n`);
    const natsUrls = config.COUNTERSIGN_CANARY_NATS_URL ?? config.COUNTERSIGN_NATS_URL;
    write(path, await setUpCanary({ commands, natsUrls, clock, random, ...(name === undefined ? {} : { name }) }));
  } finally {
    await bus.drain();
  }
  process.stdout.write(`wrote ${path}\n`);
}

/** An installation that is starting answers late: an organisation that is made half has to be made again. */
async function untilAnswered(commands: CommandClient): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      await commands.call(COMMANDS.registry.orgList, {}, { timeoutMs: 5_000 });
      return;
    } catch (error) {
      if (!(error instanceof CommandTimeout) || performance.now() > until) throw error;
      await sleep(RETRY_MS);
    }
  }
}

function write(path: string, file: CanaryFile): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
  chmodSync(temporary, 0o600);
  renameSync(temporary, path);
}
