import { readFileSync } from 'node:fs';
import { SystemClock, SystemRandom } from '@countersign/primitives';
import type { Actor } from '@countersign/contracts';
import { Bus, CommandClient, connectPerson } from '@countersign/bus';
import { SigningKey, TrustBundle } from '@countersign/identity';
import { natsServersOf, type RunFile } from './run-file.js';

/** The local operator or a person, connected. */
export interface Operator {
  readonly commands: CommandClient;
  readonly close: () => Promise<void>;
}

/** How long one server may take to let somebody in, in ms. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Connects with the operator's key of a running system. */
export async function connectOperator(run: Pick<RunFile, 'nats' | 'operator'>): Promise<Operator> {
  const { natsSeedFile, signingKeyFile } = run.operator;
  const bus = await Bus.connect({
    servers: natsServersOf(run),
    service: 'operator',
    nkeySeed: readFileSync(natsSeedFile, 'utf8'),
    timeoutMs: CONNECT_TIMEOUT_MS,
  });
  const key = SigningKey.fromPem('operator', readFileSync(signingKeyFile, 'utf8'));
  return { commands: commandsOf(run, bus.nc, key, { kind: 'operator', id: 'local' }), close: () => bus.drain() };
}

/** Connects as a person, with their key (PKCS #8 PEM) and nothing of the operator's. */
export async function connectAsPerson(
  run: Pick<RunFile, 'nats' | 'operator'>,
  privateKey: string,
  id: string,
): Promise<Operator> {
  const key = SigningKey.fromPem('operator', privateKey);
  const nc = await connectPerson({ servers: natsServersOf(run), key, timeoutMs: CONNECT_TIMEOUT_MS });
  return {
    commands: commandsOf(run, nc, key, { kind: 'user', id }),
    // whatever was asked was answered; a drain would wait for ever on a connection that was cut
    close: () => nc.close(),
  };
}

function commandsOf(run: Pick<RunFile, 'operator'>, nc: Bus['nc'], key: SigningKey, actor: Actor): CommandClient {
  const { trustBundleFile, installationKey } = run.operator;
  const bundle = TrustBundle.open(JSON.parse(readFileSync(trustBundleFile, 'utf8')), installationKey);
  return new CommandClient({ bus: { nc }, key, actor, bundle, clock: new SystemClock(), random: new SystemRandom() });
}
