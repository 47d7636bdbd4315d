import { Module } from '@nestjs/common';
import { JudgeWhenTasksSubmitted } from './adapters/in/judge-when-tasks-submitted.consumer.js';
import { KeepStandingsWhenEvidenceChanges } from './adapters/in/keep-standings-when-evidence-changes.js';
import { ObserveWhenTasksFinish } from './adapters/in/observe-when-tasks-finish.consumer.js';
import { RememberWhenAgentsEnd } from './adapters/in/remember-when-agents-end.js';
import { StatementCommands } from './adapters/in/statement-commands.controller.js';
import { TrustCommands } from './adapters/in/trust-commands.controller.js';
import { EvidenceMemory } from './adapters/out/evidence-memory.js';
import { ObservationStore } from './adapters/out/observation.store.js';
import { StandingStore } from './adapters/out/standing.store.js';
import { StatementStore } from './adapters/out/statement.store.js';
import { TransitionLag } from './adapters/out/transition-lag.js';
import { Dossier } from './application/dossier.js';
import { Gatekeeper } from './application/gatekeeper.js';
import { EvidenceSource } from './application/ports.js';
import { Standings } from './application/standings.js';
import { TaskJudge } from './application/task-judge.js';

/** The wiring of trust. */
@Module({
  controllers: [JudgeWhenTasksSubmitted, ObserveWhenTasksFinish, TrustCommands, StatementCommands],
  providers: [
    ObservationStore,
    StatementStore,
    StandingStore,
    TransitionLag,
    EvidenceMemory,
    { provide: EvidenceSource, useExisting: EvidenceMemory },
    Standings,
    Gatekeeper,
    TaskJudge,
    Dossier,
    KeepStandingsWhenEvidenceChanges,
    RememberWhenAgentsEnd,
  ],
})
export class TrustModule {}
