import { Module } from '@nestjs/common';
import { JudgeWhenTasksSubmitted } from './adapters/in/judge-when-tasks-submitted.consumer.js';
import { ObserveWhenTasksFinish } from './adapters/in/observe-when-tasks-finish.consumer.js';
import { TrustCommands } from './adapters/in/trust-commands.controller.js';
import { ObservationStore } from './adapters/out/observation.store.js';
import { EvidenceMemory } from './adapters/out/evidence-memory.js';
import { EvidenceSource } from './application/ports.js';
import { Standings } from './application/standings.js';

/** The wiring of trust. */
@Module({
  controllers: [JudgeWhenTasksSubmitted, ObserveWhenTasksFinish, TrustCommands],
  providers: [ObservationStore, EvidenceMemory, { provide: EvidenceSource, useExisting: EvidenceMemory }, Standings],
})
export class TrustModule {}
