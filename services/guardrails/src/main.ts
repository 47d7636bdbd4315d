import { runService } from '@countersign/service-host';
import { guardrailsConfig } from './guardrails.config.js';
import { GuardrailsModule } from './guardrails.module.js';
import { guardrailsMigrations } from './migrations/index.js';

await runService(GuardrailsModule, {
  service: 'guardrails',
  config: guardrailsConfig,
  migrations: guardrailsMigrations,
});
