import { Module } from '@nestjs/common';
import { AnswerCheck } from './adapters/in/answer-check.controller.js';
import { AnswerStatus } from './adapters/in/answer-status.controller.js';
import { ApprovalCommands } from './adapters/in/approval-commands.controller.js';
import { DispatcherCommands } from './adapters/in/dispatcher-commands.controller.js';
import { Gauges } from './adapters/in/gauges.js';
import { Intake } from './adapters/in/intake.js';
import { LogReader } from './adapters/in/log.reader.js';
import { Refusals } from './adapters/in/refusals.js';
import { ReportUsage } from './adapters/in/report-usage.controller.js';
import { ScreenedResults } from './adapters/in/screened-results.js';
import { TakeResults } from './adapters/in/take-results.consumer.js';
import { Timers } from './adapters/in/timers.js';
import { Answers } from './adapters/out/answers.js';
import { ApprovalStore } from './adapters/out/approval.store.js';
import { BlockStore } from './adapters/out/block.store.js';
import { Checkpoints } from './adapters/out/checkpoints.js';
import { DryRuns } from './adapters/out/dry-runs.js';
import { HandOver } from './adapters/out/hand-over.js';
import { Rounds } from './adapters/out/rounds.js';
import { ScreeningPublisher } from './adapters/out/screening.publisher.js';
import { StoredBytes } from './adapters/out/stored-bytes.js';
import { TaskStore } from './adapters/out/task.store.js';
import { TransitionPublisher } from './adapters/out/transition.publisher.js';
import { UsageReports } from './adapters/out/usage-reports.js';
import { ApprovalRequests, Approvers } from './application/approval-ports.js';
import { Charges } from './application/charges.js';
import { DecideApprovals } from './application/decide-approvals.js';
import { Dispatch } from './application/dispatch.js';
import { EvaluationBoard } from './application/evaluation-board.js';
import { KnownApprovers } from './application/known-approvers.js';
import { TaskObservation } from './application/task-observation.js';
import { TakeVerdicts } from './application/take-verdicts.js';
import { checkTransitions, TRANSITIONS } from './domain/transitions.js';
import { Callers, LaterRounds, Screening, Targets, Tasks, Transitions } from './application/ports.js';

/** Which adapter serves which port. */
const ports = [
  { provide: Tasks, useExisting: TaskStore },
  { provide: Transitions, useExisting: TransitionPublisher },
  { provide: Callers, useExisting: Answers },
  { provide: Targets, useExisting: HandOver },
  { provide: LaterRounds, useExisting: Rounds },
  { provide: Screening, useExisting: ScreeningPublisher },
  { provide: Approvers, useExisting: KnownApprovers },
  { provide: ApprovalRequests, useExisting: ApprovalStore },
];

/** The wiring of the dispatcher. */
@Module({
  controllers: [TakeResults, AnswerStatus, AnswerCheck, ReportUsage, DispatcherCommands, ApprovalCommands],
  providers: [
    EvaluationBoard,
    TakeVerdicts,
    Dispatch,
    Charges,
    TaskObservation,
    KnownApprovers,
    DecideApprovals,
    TaskStore,
    ApprovalStore,
    TransitionPublisher,
    Answers,
    HandOver,
    Rounds,
    ScreeningPublisher,
    StoredBytes,
    UsageReports,
    DryRuns,
    BlockStore,
    Checkpoints,
    ScreenedResults,
    Intake,
    Refusals,
    Timers,
    LogReader,
    Gauges,
    ...ports,
  ],
})
export class DispatcherModule {
  constructor() {
    checkTransitions(TRANSITIONS);
  }
}
