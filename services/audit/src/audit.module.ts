import { Module } from '@nestjs/common';
import { AuditCommands } from './adapters/in/audit-commands.controller.js';
import { RecordWhenTasksMove } from './adapters/in/record-when-tasks-move.consumer.js';
import { RecordWhenTasksSubmitted } from './adapters/in/record-when-tasks-submitted.consumer.js';
import { PostgresChains } from './adapters/out/postgres-chains.js';
import { Chains } from './application/ports.js';

/** The wiring of audit: which adapter serves which port. */
@Module({
  controllers: [RecordWhenTasksSubmitted, RecordWhenTasksMove, AuditCommands],
  providers: [{ provide: Chains, useClass: PostgresChains }],
})
export class AuditModule {}
