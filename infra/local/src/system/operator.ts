import { readFileSync } from 'node:fs';
import { SystemClock, SystemRandom } from '@countersign/primitives';
import { Bus, CommandClient } from '@countersign/bus';
import { SigningKey, TrustBundle } from '@countersign/identity';
import { natsServersOf, type RunFile } from './run-file.js';

/** The local operator, connected. */
export interface Operator {
  readonly commands: CommandClient;
  readonly close: () => Promise<void>;
}

/** Connects with the operator's key of a running system, or with a person's (PKCS #8 PEM). */
export async function connectOperator(
  run: Pick<RunFile, 'nats' | 'operator'>,
  personKey?: string,
  person = 'local',
): Promise<Operator> {
  const { natsSeedFile, signingKeyFile, trustBundleFile, installationKey } = run.operator;
  const bus = await Bus.connect({
    servers: natsServersOf(run),
    service: 'operator',
    nkeySeed: readFileSync(natsSeedFile, 'utf8'),
  });
  const key = SigningKey.fromPem('operator', personKey ?? readFileSync(signingKeyFile, 'utf8'));
  const bundle = TrustBundle.open(JSON.parse(readFileSync(trustBundleFile, 'utf8')), installationKey);
  const commands = new CommandClient({
    bus,
    key,
    bundle,
    clock: new SystemClock(),
    random: new SystemRandom(),
    actor: { kind: personKey === undefined ? 'operator' : 'user', id: person },
  });
  return { commands, close: () => bus.drain() };
}
