import { Module } from '@nestjs/common';
import { ForgetTokens } from './adapters/in/forget-tokens.timer.js';
import { JudgeWhenTasksSubmitted } from './adapters/in/judge-when-tasks-submitted.consumer.js';
import { PolicyAuthoring } from './adapters/in/policy-authoring.controller.js';
import { PolicyCommands } from './adapters/in/policy-commands.controller.js';
import { PolicyDryRuns } from './adapters/in/policy-dry-runs.controller.js';
import { PolicyPublisher } from './adapters/out/policy.publisher.js';
import { PolicyStore } from './adapters/out/policy.store.js';
import { PostgresRates } from './adapters/out/postgres-rates.js';
import { DecidePolicies } from './application/decide-policies.js';
import { Rates } from './application/rates.js';

/** The wiring of policy. */
@Module({
  controllers: [JudgeWhenTasksSubmitted, PolicyCommands, PolicyAuthoring, PolicyDryRuns],
  providers: [
    PolicyStore,
    PolicyPublisher,
    DecidePolicies,
    PostgresRates,
    { provide: Rates, useExisting: PostgresRates },
    ForgetTokens,
  ],
})
export class PolicyModule {}
