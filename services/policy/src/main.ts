import { runService } from '@countersign/service-host';
import { policyMigrations } from './migrations/index.js';
import { policyConfig } from './policy.config.js';
import { PolicyModule } from './policy.module.js';

await runService(PolicyModule, { service: 'policy', config: policyConfig, migrations: policyMigrations });
