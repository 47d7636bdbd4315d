import { SystemClock, SystemRandom } from '@countersign/primitives';
import { HealthServer, readConfig, Readiness } from '@countersign/service-host';
import { createLogger, readTelemetrySettings, startTelemetry } from '@countersign/telemetry';
import { canaryConfig } from './canary.config.js';
import { Canary } from './canary.js';
import { probesOf } from './probes.js';

const PATIENCE_MS = 20_000;

/** Sends a round every so often until SIGTERM or SIGINT. It is ready when its first round was sent: it proves nothing of the system it watches by that. */
export async function runCanary(env: NodeJS.ProcessEnv): Promise<void> {
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
  const stopped = signalled();
  const file = config.COUNTERSIGN_CANARY_FILE;
  const probes = probesOf(file);
  const parts = { file, probes, metrics: telemetry.metrics, logger, clock, random, patienceMs: PATIENCE_MS };
  const canary = await Canary.connect(parts);
  logger.info('started', { port: health.port, org: file.org, count: probes.length });
  while (!stopped.aborted) {
    // a round that is cut short by a signal is not counted
    await Promise.race([canary.round().then(() => (rounds += 1)), aborted(stopped)]);
    await Promise.race([pause(config.COUNTERSIGN_CANARY_EVERY_SECONDS * 1_000), aborted(stopped)]);
  }
  await canary.close();
  await telemetry.stop();
  await health.stop();
}

function signalled(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => stop.abort());
  return stop.signal;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
