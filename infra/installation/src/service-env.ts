import type { Installation } from './installation.js';
import { secretFilesOf, TRUST_BUNDLE_FILE } from './key-files.js';
import type { ServiceName } from './services.js';

/** What differs between services of one system. */
export interface ServiceSettings {
  readonly natsUrl: string;
  readonly healthPort: number;
  readonly lanes?: number;
  readonly logLevel?: string;
  /** Standard variables of OpenTelemetry. */
  readonly telemetry?: Readonly<Record<string, string>>;
  /** What one agent may submit in 10 s; the dispatcher's own default when absent. */
  readonly intakePer10s?: number;
}

/** The whole environment of a service. */
export function serviceEnv(
  service: ServiceName,
  installation: Installation,
  { natsUrl, healthPort, lanes = 1, logLevel = 'info', telemetry = {}, intakePer10s }: ServiceSettings,
): Record<string, string> {
  const { file } = installation;
  const secrets: Readonly<Record<string, string>> = Object.fromEntries(
    Object.entries(secretFilesOf(service)).map(([variable, name]) => [variable, file(name)] as const),
  );
  return {
    PATH: process.env['PATH'] ?? '',
    COUNTERSIGN_NATS_URL: natsUrl,
    COUNTERSIGN_TRUST_BUNDLE_FILE: file(TRUST_BUNDLE_FILE),
    COUNTERSIGN_INSTALLATION_KEY: installation.installationKey,
    COUNTERSIGN_HEALTH_PORT: String(healthPort),
    COUNTERSIGN_LANES: String(lanes),
    COUNTERSIGN_LOG_LEVEL: logLevel,
    ...telemetry,
    ...(service === 'dispatcher' && intakePer10s !== undefined
      ? { COUNTERSIGN_INTAKE_PER_10S: String(intakePer10s) }
      : {}),
    ...secrets,
  };
}
