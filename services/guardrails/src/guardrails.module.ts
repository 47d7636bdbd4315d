import { Module } from '@nestjs/common';
import { GuardrailCommands } from './adapters/in/guardrail-commands.controller.js';
import { ScreenWhenResultsArrive } from './adapters/in/screen-when-results-arrive.consumer.js';
import { ScreenWhenTasksSubmitted } from './adapters/in/screen-when-tasks-submitted.consumer.js';
import { TechniqueCommands } from './adapters/in/technique-commands.controller.js';
import { CanaryStore } from './adapters/out/canary.store.js';
import { GuardrailSetPublisher } from './adapters/out/guardrail-set.publisher.js';
import { GuardrailSetStore } from './adapters/out/guardrail-set.store.js';
import { PromptStore } from './adapters/out/prompt.store.js';
import { ScreeningWorkers } from './adapters/out/screening-workers.js';
import { TransformedBodies } from './adapters/out/transformed-bodies.js';
import { GuardrailsInForce } from './application/guardrails-in-force.js';
import { BodyScreener, CanaryRegister, PromptFingerprints } from './application/ports.js';
import { RecentTasks } from './application/recent-tasks.js';
import { ScreenBodies } from './application/screen-bodies.js';
import { ScreenResults } from './application/screen-results.js';
import { ScreenTasks } from './application/screen-tasks.js';

/** The wiring of guardrails. */
@Module({
  controllers: [ScreenWhenTasksSubmitted, ScreenWhenResultsArrive, GuardrailCommands, TechniqueCommands],
  providers: [
    GuardrailSetStore,
    GuardrailSetPublisher,
    GuardrailsInForce,
    CanaryStore,
    PromptStore,
    ScreeningWorkers,
    TransformedBodies,
    ScreenBodies,
    RecentTasks,
    ScreenTasks,
    ScreenResults,
    { provide: BodyScreener, useExisting: ScreeningWorkers },
    { provide: CanaryRegister, useExisting: CanaryStore },
    { provide: PromptFingerprints, useExisting: PromptStore },
  ],
})
export class GuardrailsModule {}
