import { setTimeout as sleep } from 'node:timers/promises';
import { SystemClock, SystemRandom } from '@countersign/primitives';
import { HealthServer, readConfig, Readiness } from '@countersign/service-host';
import { createLogger, readTelemetrySettings, startTelemetry } from '@countersign/telemetry';
import { canaryConfig } from './canary.config.js';
import { Canary } from './canary.js';
import { OUTCOMES } from './outcome.js';
import { probesOf } from './probes.js';

const PATIENCE_MS = 20_000;

/** Sends a round every so often until SIGTERM or SIGINT. It is ready when its first round was sent: it proves nothing of the system it watches by that. */
export async function runCanary(env: NodeJS.ProcessEnv): Promise<void> {
  // first: as process 1 nobody else ends it
  const stopped = signalled();
  const config = readConfig(canaryConfig, env);
  const [clock, random] = [new SystemClock(), new SystemRandom()];
  const logger = createLogger({ service: 'canary', level: config.COUNTERSIGN_LOG_LEVEL });
  const telemetry = startTelemetry(readTelemetrySettings(env), { service: 'canary', version: '0.1.0', random });
  const readiness = new Readiness();
  let rounds = 0;
  readiness.add({ name: 'first round', ready: () => rounds > 0 });
  const health = await HealthServer.start({
    host: config.COUNTERSIGN_HEALTH_HOST,
    port: config.COUNTERSIGN_HEALTH_PORT,
    readiness,
  });
  health.scrapeWith(telemetry.scrape);
  // from nothing to one is no increase to Prometheus: the first leak has to count
  for (const expected of ['allow', 'deny'] as const)
    for (const outcome of OUTCOMES) telemetry.metrics.add('countersign_canary_total', { expected, outcome }, 0);
  const file = config.COUNTERSIGN_CANARY_FILE;
  const probes = probesOf(file);
  const parts = { file, probes, metrics: telemetry.metrics, logger, clock, random, patienceMs: PATIENCE_MS };
  const canary = await unlessEnded(Canary.connect(parts), stopped);
  if (canary !== undefined) logger.info('started', { port: health.port, org: file.org, count: probes.length });
  if (canary !== undefined) await unlessEnded(canary.untilKnown(), stopped);
  while (canary !== undefined && !stopped.aborted) {
    // a round that is cut short by a signal is not counted
    await unlessEnded(
      canary.round().then(() => (rounds += 1)),
      stopped,
    );
    await pause(config.COUNTERSIGN_CANARY_EVERY_SECONDS * 1_000, stopped);
  }
  await canary?.close();
  await telemetry.stop();
  await health.stop();
}

function signalled(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => stop.abort());
  return stop.signal;
}

/** What the work comes to; undefined when the signal comes first. */
async function unlessEnded<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const listening = new AbortController();
  const ended = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { signal: listening.signal });
  });
  try {
    return await Promise.race([work, ended]);
  } finally {
    listening.abort();
  }
}

/** Ends early, and without an error, when the signal comes. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
