import { runService } from '@countersign/service-host';
import { dispatcherConfig } from './dispatcher.config.js';
import { DispatcherModule } from './dispatcher.module.js';
import { dispatcherMigrations } from './migrations/index.js';

await runService(DispatcherModule, {
  service: 'dispatcher',
  config: dispatcherConfig,
  migrations: dispatcherMigrations,
});
