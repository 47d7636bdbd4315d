import { runService } from '@countersign/service-host';
import { AGENT_REQUESTS } from '@countersign/contracts';
import { dispatcherConfig, type DispatcherConfig } from './dispatcher.config.js';
import { DispatcherModule } from './dispatcher.module.js';
import { dispatcherMigrations } from './migrations/index.js';

await runService(DispatcherModule, {
  service: 'dispatcher',
  config: dispatcherConfig,
  migrations: dispatcherMigrations,
  agentRequestsPer10s: (values) =>
    AGENT_REQUESTS.perSubmission * (values as DispatcherConfig).COUNTERSIGN_INTAKE_PER_10S,
});
