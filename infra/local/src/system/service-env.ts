import type { Installation, ServiceName } from './installation.js';

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
  const own: Partial<Record<ServiceName, Record<string, string>>> = {
    registry: {
      COUNTERSIGN_AUTH_NATS_SEED_FILE: file('nats-auth.seed'),
      COUNTERSIGN_SYS_NATS_SEED_FILE: file('nats-sys.seed'),
      COUNTERSIGN_CALLOUT_ISSUER_SEED_FILE: file('nats-issuer.seed'),
      COUNTERSIGN_CALLOUT_XKEY_SEED_FILE: file('nats-xkey.seed'),
      COUNTERSIGN_SECRET_PEPPER_FILE: file('pepper'),
    },
    audit: { COUNTERSIGN_SEAL_KEY_FILE: file('seal-audit') },
    guardrails: { COUNTERSIGN_SEAL_KEY_FILE: file('seal-guardrails') },
    dispatcher: {
      COUNTERSIGN_SEAL_KEY_FILE: file('seal-dispatcher'),
      ...(intakePer10s === undefined ? {} : { COUNTERSIGN_INTAKE_PER_10S: String(intakePer10s) }),
    },
  };
  return {
    PATH: process.env['PATH'] ?? '',
    COUNTERSIGN_NATS_URL: natsUrl,
    COUNTERSIGN_NATS_SEED_FILE: file(`nats-${service}.seed`),
    COUNTERSIGN_SIGNING_KEY_FILE: file(`${service}.pem`),
    COUNTERSIGN_TRUST_BUNDLE_FILE: file('trust-bundle.json'),
    COUNTERSIGN_INSTALLATION_KEY: installation.installationKey,
    COUNTERSIGN_DATABASE_URL_FILE: file(`database-${service}.url`),
    COUNTERSIGN_HEALTH_PORT: String(healthPort),
    COUNTERSIGN_LANES: String(lanes),
    COUNTERSIGN_LOG_LEVEL: logLevel,
    ...telemetry,
    ...own[service],
  };
}
