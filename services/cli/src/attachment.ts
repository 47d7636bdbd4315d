import { readFileSync } from 'node:fs';
import { SystemClock, SystemRandom } from '@countersign/primitives';
import type { Actor, TrustBundleFile } from '@countersign/contracts';
import { Bus, CommandClient, connectPerson } from '@countersign/bus';
import { SigningKey, TrustBundle } from '@countersign/identity';
import type { OperatorFile } from './operator-file.js';
import { runOf, type Run } from './run-file.js';

/** How long one server may take to let somebody in. */
const CONNECT_TIMEOUT_MS = 5_000;

/** A connection to an installation, with what is known of it. */
export interface Attachment {
  readonly commands: CommandClient;
  readonly close: () => Promise<void>;
  readonly natsUrls: readonly string[];
  /** Where each replica of a service tells its health; empty where nobody told. */
  readonly health: Readonly<Record<string, string>>;
  readonly installationKey: string;
  readonly trustBundle: TrustBundleFile;
}

const clientOf = (nc: Bus['nc'], key: SigningKey, actor: Actor, bundle: TrustBundle): CommandClient =>
  new CommandClient({ bus: { nc }, key, actor, bundle, clock: new SystemClock(), random: new SystemRandom() });

const healthOf = (run: Run | undefined): Attachment['health'] =>
  Object.fromEntries(Object.entries(run?.services ?? {}).map(([name, { health }]) => [name, health]));

/** Comes in where the operator's files are. Commands are signed with the operator's key, or with a person's. */
export async function attachAsOperator(run: Run, person: OperatorFile | undefined): Promise<Attachment> {
  const { natsSeedFile, signingKeyFile, trustBundleFile, installationKey } = run.operator;
  const bus = await Bus.connect({
    servers: run.nats,
    service: 'operator',
    nkeySeed: readFileSync(natsSeedFile, 'utf8'),
    timeoutMs: CONNECT_TIMEOUT_MS,
  });
  const key = SigningKey.fromPem('operator', person?.privateKey ?? readFileSync(signingKeyFile, 'utf8'));
  const bundle = TrustBundle.open(JSON.parse(readFileSync(trustBundleFile, 'utf8')), installationKey);
  const actor: Actor = person === undefined ? { kind: 'operator', id: 'local' } : { kind: 'user', id: person.operator };
  return {
    commands: clientOf(bus.nc, key, actor, bundle),
    close: () => bus.drain(),
    natsUrls: run.nats,
    health: healthOf(run),
    installationKey,
    trustBundle: bundle.file,
  };
}

/** Comes in with nothing but a person's file. A system that runs here is where its run file says; else COUNTERSIGN_NATS_URL tells where the installation is, else the file. */
export async function attachAsPerson(
  person: OperatorFile,
  { nats, installationKey, trustBundle }: NonNullable<OperatorFile['installation']>,
  runFile: string,
): Promise<Attachment> {
  const run = runOf(installationKey, runFile);
  const natsUrls = process.env['COUNTERSIGN_NATS_URL']?.split(',') ?? run?.nats ?? nats;
  const key = SigningKey.fromPem('operator', person.privateKey);
  const known = TrustBundle.open(trustBundle, installationKey);
  const nc = await connectPerson({ servers: natsUrls, key, timeoutMs: CONNECT_TIMEOUT_MS });
  // whatever was asked was answered; a drain would wait for ever on a connection that was cut
  const close = (): Promise<void> => nc.close();
  try {
    const actor: Actor = { kind: 'user', id: person.operator };
    const bundle = await clientOf(nc, key, actor, known).newestBundle(person.org, installationKey);
    const commands = clientOf(nc, key, actor, bundle);
    return { commands, close, natsUrls, health: healthOf(run), installationKey, trustBundle: bundle.file };
  } catch (error) {
    await close();
    throw error;
  }
}
