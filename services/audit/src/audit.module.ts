import { Module } from '@nestjs/common';
import { AuditCommands } from './adapters/in/audit-commands.controller.js';
import { KeepRetention } from './adapters/in/keep-retention.timer.js';
import { RecordWhenTasksMove } from './adapters/in/record-when-tasks-move.consumer.js';
import { VerifyChainsTimer } from './adapters/in/verify-chains.timer.js';
import { RecordWhenTasksSubmitted } from './adapters/in/record-when-tasks-submitted.consumer.js';
import { PayloadKeys } from './adapters/out/payload-keys.js';
import { PostgresChains } from './adapters/out/postgres-chains.js';
import { PostgresPayloads } from './adapters/out/postgres-payloads.js';
import { PostgresRetention } from './adapters/out/postgres-retention.js';
import { PostgresRecordLookup } from './adapters/out/postgres-record-lookup.js';
import { ChainCheck } from './application/chain-check.js';
import { CheckEnforcement } from './application/check-enforcement.js';
import { Chains, Payloads, RecordLookup, Retention } from './application/ports.js';
import { SignCheckpoints } from './application/sign-checkpoints.js';
import { VerifyChains } from './application/verify-chains.js';

/** The wiring of audit: which adapter serves which port. */
@Module({
  controllers: [RecordWhenTasksSubmitted, RecordWhenTasksMove, AuditCommands],
  providers: [
    PayloadKeys,
    PostgresChains,
    { provide: Chains, useExisting: PostgresChains },
    { provide: Payloads, useClass: PostgresPayloads },
    { provide: Retention, useClass: PostgresRetention },
    { provide: RecordLookup, useClass: PostgresRecordLookup },
    ChainCheck,
    CheckEnforcement,
    VerifyChains,
    VerifyChainsTimer,
    SignCheckpoints,
    KeepRetention,
  ],
})
export class AuditModule {}
