import { runService } from '@countersign/service-host';
import { auditConfig } from './audit.config.js';
import { AuditModule } from './audit.module.js';
import { auditMigrations } from './migrations/index.js';

await runService(AuditModule, {
  service: 'audit',
  config: auditConfig,
  migrations: auditMigrations,
  judgesBy: [],
  judgesLate: true,
  judgesInvalid: true,
});
