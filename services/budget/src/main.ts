import { runService } from '@countersign/service-host';
import { budgetConfig } from './budget.config.js';
import { BudgetModule } from './budget.module.js';
import { budgetMigrations } from './migrations/index.js';

await runService(BudgetModule, { service: 'budget', config: budgetConfig, migrations: budgetMigrations });
