import type { Clock, Random } from '@countersign/primitives';
import {
  Bus,
  CommandClient,
  FrameReader,
  FrameWriter,
  Publisher,
  type BusEvents,
  type InvalidFrame,
} from '@countersign/bus';
import { SigningKey, TrustBundle } from '@countersign/identity';
import { CommandLog, Database, DatabaseClock, SchemaWatch } from '@countersign/store';
import { createLogger, type AlertKind, type Logger, type Telemetry } from '@countersign/telemetry';
import type { HostConfig } from './host-config.js';
import { watchProcess } from './observation.js';
import { PeopleDirectory } from './people-directory.js';
import { ReadModels } from './read-models.js';
import { type Readiness } from './readiness.js';
import type { ServiceDefinition } from './service-definition.js';

const RETRY_MS = 250;
/** A machine that is gone refuses nothing: the next server is tried after this long. */
const CONNECT_TIMEOUT_MS = 5_000;
/** A read model that stays stale for longer is an outage of its owner: this service begins, and denies by it. */
const MODELS_WITHIN_MS = 10_000;

/** Everything a service stands on, in the order in which it was opened. */
export interface HostParts {
  readonly logger: Logger;
  readonly bundle: TrustBundle;
  readonly key: SigningKey;
  readonly random: Random;
  readonly database: Database;
  readonly clock: DatabaseClock;
  readonly bus: Bus;
  readonly publisher: Publisher;
  readonly frameWriter: FrameWriter;
  readonly frameReader: FrameReader;
  readonly commands: CommandClient;
  readonly commandLog: CommandLog;
  readonly models: ReadModels;
  readonly people: PeopleDirectory;
  readonly readiness: Readiness;
  readonly events: BusEvents;
  readonly telemetry: Telemetry;
}

/** What is there before anything is opened. */
export interface HostOutset {
  readonly readiness: Readiness;
  readonly telemetry: Telemetry;
  readonly random: Random;
}

/** Opens what a service stands on. Keys must be right at once; what is merely not there yet is waited for, unready. */
export async function openHostParts(
  definition: ServiceDefinition,
  config: HostConfig,
  outset: HostOutset,
): Promise<HostParts> {
  const { readiness } = outset;
  const { service } = definition;
  const { telemetry, random } = outset;
  const logger = countingLogger(service, config, telemetry);
  const bundle = TrustBundle.open(config.COUNTERSIGN_TRUST_BUNDLE_FILE, config.COUNTERSIGN_INSTALLATION_KEY);
  const key = SigningKey.fromPem(service, config.COUNTERSIGN_SIGNING_KEY_FILE);
  if (!bundle.body.keys.some((entry) => entry.kid === key.kid))
    throw new Error(`the trust bundle does not hold the key ${key.kid}`);
  const events = busEvents(logger, telemetry);
  const database = await untilThere(logger, 'postgresql', () =>
    Database.open({ url: config.COUNTERSIGN_DATABASE_URL_FILE, service, logger }),
  );
  const schema = new SchemaWatch({ database, migrations: definition.migrations });
  await untilThere(logger, 'schema', () => inRange(schema));
  const clock = await untilThere(logger, 'database clock', () => DatabaseClock.start(database));
  const bus = await untilThere(logger, 'nats', () => connectBus(config, service, logger));
  const messaging = openMessaging({ bus, key, bundle, clock, random, lanes: config.COUNTERSIGN_LANES, events });
  const models = await untilThere(logger, 'read models', () =>
    ReadModels.open({ bus, bundle, clock, service, onInvalid: events.invalid }),
  );
  await models.settled(service, MODELS_WITHIN_MS);
  addChecks(readiness, { bus, clock, models });
  readiness.add({ name: 'schema', ready: async () => (await schema.state()) === 'ready' });
  watchProcess(telemetry.metrics, { readiness, models });
  return {
    logger,
    bundle,
    key,
    random,
    database,
    clock,
    bus,
    ...messaging,
    commandLog: new CommandLog(database),
    models,
    people: new PeopleDirectory(models.registry),
    readiness,
    events,
    telemetry,
  };
}

function countingLogger(service: string, config: HostConfig, { metrics }: Telemetry): Logger {
  const onAlert = (kind: AlertKind): void => metrics.add('countersign_alerts_total', { kind });
  return createLogger({ service, level: config.COUNTERSIGN_LOG_LEVEL, onAlert });
}

interface MessagingInput {
  readonly bus: Bus;
  readonly key: SigningKey;
  readonly bundle: TrustBundle;
  readonly clock: Clock;
  readonly random: Random;
  readonly lanes: number;
  readonly events: BusEvents;
}

function openMessaging({
  bus,
  key,
  bundle,
  clock,
  random,
  lanes,
  events,
}: MessagingInput): Pick<HostParts, 'publisher' | 'frameWriter' | 'frameReader' | 'commands'> {
  const publisher = new Publisher(bus);
  return {
    publisher,
    frameWriter: new FrameWriter({ publisher, key, clock, lanes }),
    frameReader: new FrameReader({ bundle, onInvalid: events.invalid }),
    commands: new CommandClient({ bus, key, bundle, clock, random, actor: { kind: 'service', id: key.service } }),
  };
}

function busEvents(logger: Logger, { metrics }: Telemetry): BusEvents {
  return {
    redelivered: (consumer, count) => metrics.add('countersign_consumer_redelivered_total', { consumer }, count),
    invalid: ({
      subject,
      seq,
      failure,
    }: { readonly subject: string; readonly seq?: number; readonly failure: string } | InvalidFrame) => {
      const fields = { subject, failure, ...(seq === undefined ? {} : { seq }) };
      // the sender is a release ahead: no attack, and what it says to this one is nothing
      if (failure === 'newer-type') logger.warn('an item of a newer release was left out', fields);
      else logger.alert('INVALID_FRAME', fields);
    },
    flood: (agent) => logger.alert('INTAKE_FLOOD', agent),
    error: (error, { subject, task }) =>
      logger.error('handling failed', {
        error,
        ...(subject === undefined ? {} : { subject }),
        ...(task === undefined ? {} : { task: task.key, attempt: task.attempt, round: task.round }),
      }),
  };
}

async function inRange(schema: SchemaWatch): Promise<void> {
  const state = await schema.state();
  if (state !== 'ready') throw new Error(`the schema is ${state} of this program`);
}

function addChecks(
  readiness: Readiness,
  { bus, clock, models }: { readonly bus: Bus; readonly clock: DatabaseClock; readonly models: ReadModels },
): void {
  readiness.add({ name: 'nats', ready: () => bus.connected });
  readiness.add({ name: 'postgresql', ready: () => clock.usable() });
  for (const model of models.all())
    readiness.add({ name: `read model ${model.name}`, ready: () => clock.usable() && model.fresh() });
}

async function connectBus(config: HostConfig, service: ServiceDefinition['service'], logger: Logger): Promise<Bus> {
  const bus = await Bus.connect({
    servers: config.COUNTERSIGN_NATS_URL,
    service,
    nkeySeed: config.COUNTERSIGN_NATS_SEED_FILE,
    timeoutMs: CONNECT_TIMEOUT_MS,
  });
  void bus.watch((connected) => logger.warn(connected ? 'nats is back' : 'nats is gone'));
  bus.hearSilence((stream) => logger.warn('a consumer fell silent and was replaced', { subject: stream }));
  return bus;
}

async function untilThere<T>(logger: Logger, what: string, open: () => Promise<T>): Promise<T> {
  for (let wait = RETRY_MS, told = false; ; wait = Math.min(wait * 2, 5_000)) {
    try {
      return await open();
    } catch (error) {
      // a role that could bypass row-level security does not become safe by waiting
      if (error instanceof Error && 'code' in error && error.code === 'UNSAFE_ROLE') throw error;
      if (!told) logger.warn(`waiting for ${what}`, { error });
      told = true;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}
