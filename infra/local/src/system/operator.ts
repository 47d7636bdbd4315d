import { readFileSync } from 'node:fs';
import { SystemClock, SystemRandom } from '@countersign/primitives';
import { Bus, CommandClient } from '@countersign/bus';
import { SigningKey, TrustBundle } from '@countersign/identity';
import type { RunFile } from './run-file.js';

/** The local operator, connected. */
export interface Operator {
  readonly commands: CommandClient;
  readonly close: () => Promise<void>;
}

/** Connects with the operator's key of a running system. */
export async function connectOperator(run: RunFile): Promise<Operator> {
  const { natsSeedFile, signingKeyFile, trustBundleFile, installationKey } = run.operator;
  const bus = await Bus.connect({
    servers: [run.nats],
    service: 'operator',
    nkeySeed: readFileSync(natsSeedFile, 'utf8'),
  });
  const key = SigningKey.fromPem('operator', readFileSync(signingKeyFile, 'utf8'));
  const bundle = TrustBundle.open(JSON.parse(readFileSync(trustBundleFile, 'utf8')), installationKey);
  const commands = new CommandClient({
    bus,
    key,
    bundle,
    clock: new SystemClock(),
    random: new SystemRandom(),
    actor: { kind: 'operator', id: 'local' },
  });
  return { commands, close: () => bus.drain() };
}
