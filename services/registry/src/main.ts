import { runService } from '@countersign/service-host';
import { registryMigrations } from './migrations/index.js';
import { registryConfig } from './registry.config.js';
import { RegistryModule } from './registry.module.js';

await runService(RegistryModule, { service: 'registry', config: registryConfig, migrations: registryMigrations });
