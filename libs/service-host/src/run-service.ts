import 'reflect-metadata';
import { Module, type INestMicroservice, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SystemRandom } from '@countersign/primitives';
import { BusStrategy, PassErrors } from '@countersign/bus';
import { migrate } from '@countersign/store';
import { createLogger, readTelemetrySettings, startTelemetry, type Logger } from '@countersign/telemetry';
import { z } from 'zod';
import { hostConfigSchema, readConfig, secretFile, type HostConfig } from './host-config.js';
import { HealthServer } from './health-server.js';
import { HostModule } from './host.module.js';
import { openHostParts, type HostParts } from './host-parts.js';
import { judgeObserver } from './observation.js';
import { Readiness } from './readiness.js';
import type { ServiceDefinition } from './service-definition.js';

const DRAIN_MS = 5_000;
const START = 'start';
/** Longest wait of a control that starts before it judges, and denies, by what it has: an outage is named in the record then, not passed over in silence. */
const ABLE_WITHIN_MS = 10_000;
/** The product's version, which every package has. */
const VERSION = '0.1.0';

@Module({})
class Root {}

/**
 * Runs a service until SIGTERM or SIGINT: reads the configuration (all errors at once), opens what it stands on, starts its Nest module on the bus, answers
 * health questions, and drains within 5 s. A failure at start ends the process with 1.
 */
export async function runService(module: Type, definition: ServiceDefinition): Promise<void> {
  try {
    if (process.argv[2] === 'migrate') return await runMigrations(definition);
    await start(module, definition);
  } catch (error) {
    const message = error instanceof Error && 'code' in error ? error.message : undefined;
    createLogger({ service: definition.service, level: 'info' }).error('cannot start', { error });
    if (message !== undefined) process.stderr.write(`${definition.service}: ${message}\n`);
    process.exit(1);
  }
}

/** `main.js migrate`: runs the schema's missing steps as `<service>_migrate` and ends. */
async function runMigrations({ service, migrations }: ServiceDefinition): Promise<void> {
  const { COUNTERSIGN_MIGRATE_URL_FILE: url } = readConfig(
    z.object({ COUNTERSIGN_MIGRATE_URL_FILE: secretFile() }),
    process.env,
  );
  const applied = await migrate({ url, service, migrations });
  createLogger({ service, level: 'info' }).info('schema is up to date', { count: applied.length });
}

async function start(module: Type, definition: ServiceDefinition): Promise<void> {
  // one schema of both, so that all errors are told at once; extending loses the host's types
  const config = readConfig(hostConfigSchema.extend(definition.config.shape), process.env) as HostConfig &
    Readonly<Record<string, unknown>>;
  const readiness = new Readiness();
  let started = false;
  readiness.add({ name: START, ready: () => started });
  const health = await HealthServer.start({
    host: config.COUNTERSIGN_HEALTH_HOST,
    port: config.COUNTERSIGN_HEALTH_PORT,
    readiness,
  });
  let opened = false;
  stopEarly(() => opened);
  const random = new SystemRandom();
  const { service } = definition;
  const telemetry = startTelemetry(readTelemetrySettings(process.env), { service, version: VERSION, random });
  const parts = await openHostParts(definition, config, { readiness, telemetry, random });
  health.scrapeWith(parts.telemetry.scrape);
  const app = await createApp(module, definition, parts, config);
  opened = true;
  onSignal(() => drain({ app, parts, health }), parts.logger);
  await app.listen();
  started = true;
  parts.logger.info('started', { port: health.port });
}

async function createApp(
  module: Type,
  definition: ServiceDefinition,
  parts: HostParts,
  values: Readonly<Record<string, unknown>>,
): Promise<INestMicroservice> {
  const { judgesBy } = definition;
  const agentRequestsPer10s = definition.agentRequestsPer10s?.(values);
  const { tracer, metrics } = parts.telemetry;
  const strategy = new BusStrategy({
    ...parts,
    observer: judgeObserver(tracer, metrics),
    idempotency: parts.commandLog,
    ...(agentRequestsPer10s === undefined ? {} : { agentRequestsPer10s }),
    models: judgesBy === undefined ? parts.models.all() : judgesBy.map((name) => parts.models[name]),
    judgesLate: definition.judgesLate ?? false,
    judgesInvalid: definition.judgesInvalid ?? false,
    untilAbleToJudge: () => untilAbleToJudge(parts),
  });
  metrics.gauge('countersign_consumer_pending', async () =>
    (await strategy.pending()).map(({ durable: consumer, pending: value }) => ({ value, labels: { consumer } })),
  );
  const root = { module: Root, imports: [HostModule.of(parts, values), module] };
  const app = await NestFactory.createMicroservice(root, { strategy, logger: false });
  app.useGlobalFilters(new PassErrors());
  return app;
}

async function untilAbleToJudge({ readiness, logger }: HostParts): Promise<void> {
  const failing = await readiness.settled({ except: START, atMostMs: ABLE_WITHIN_MS });
  if (failing.length > 0) logger.warn('judging begins without what it needs', { failure: failing.join(', ') });
}

async function drain({
  app,
  parts,
  health,
}: {
  readonly app: INestMicroservice;
  readonly parts: HostParts;
  readonly health: HealthServer;
}): Promise<void> {
  parts.readiness.drain();
  parts.logger.info('draining');
  await app.close();
  await parts.publisher.flush();
  await parts.models.close();
  await parts.bus.drain();
  parts.clock.stop();
  await parts.database.close();
  await parts.telemetry.stop();
  await health.stop();
}

function onSignal(stop: () => Promise<void>, logger: Logger): void {
  let stopping = false;
  const handle = (): void => {
    if (stopping) return;
    stopping = true;
    // whatever does not end in time is ended: unacknowledged work is delivered again
    setTimeout(() => {
      logger.warn('ended before it had drained', { ms: DRAIN_MS - 500 });
      process.exit(0);
    }, DRAIN_MS - 500).unref();
    stop()
      .catch((error: unknown) => logger.warn('could not drain', { error }))
      .finally(() => process.exit(0));
  };
  process.on('SIGTERM', handle);
  process.on('SIGINT', handle);
}

/** Before anything is heard a signal ends the process at once: nothing is in work yet. */
function stopEarly(opened: () => boolean): void {
  const handle = (): void => {
    if (!opened()) process.exit(0);
  };
  process.on('SIGTERM', handle);
  process.on('SIGINT', handle);
}
