import { Module } from '@nestjs/common';
import { GuardrailCommands } from './adapters/in/guardrail-commands.controller.js';
import { ScreenWhenResultsArrive } from './adapters/in/screen-when-results-arrive.consumer.js';
import { ScreenWhenTasksSubmitted } from './adapters/in/screen-when-tasks-submitted.consumer.js';
import { GuardrailSetPublisher } from './adapters/out/guardrail-set.publisher.js';
import { GuardrailSetStore } from './adapters/out/guardrail-set.store.js';
import { GuardrailsInForce } from './application/guardrails-in-force.js';

/** The wiring of guardrails. */
@Module({
  controllers: [ScreenWhenTasksSubmitted, ScreenWhenResultsArrive, GuardrailCommands],
  providers: [GuardrailSetStore, GuardrailSetPublisher, GuardrailsInForce],
})
export class GuardrailsModule {}
