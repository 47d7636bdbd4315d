import { runService } from '@countersign/service-host';
import { trustMigrations } from './migrations/index.js';
import { trustConfig } from './trust.config.js';
import { TrustModule } from './trust.module.js';

await runService(TrustModule, { service: 'trust', config: trustConfig, migrations: trustMigrations });
