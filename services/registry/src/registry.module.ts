import { Module } from '@nestjs/common';
import { AgentCommands } from './adapters/in/agent-commands.controller.js';
import { AnswerPeers } from './adapters/in/answer-peers.controller.js';
import { AdmitAgents } from './adapters/in/admit-agents.js';
import { AdmitPeople } from './adapters/in/admit-people.js';
import { AuthCalloutListener } from './adapters/in/auth-callout.listener.js';
import { CalloutIssuer } from './adapters/in/callout-issuer.js';
import { ConnectionCommands } from './adapters/in/connection-commands.controller.js';
import { ExplainRegistry } from './adapters/in/explain.controller.js';
import { JudgeWhenTasksSubmitted } from './adapters/in/judge-when-tasks-submitted.consumer.js';
import { OperatorCommands } from './adapters/in/operator-commands.controller.js';
import { OrganizationCommands } from './adapters/in/organization-commands.controller.js';
import { ReadModelView } from './adapters/in/registry-view.js';
import { ConnectionStore } from './adapters/out/connection.store.js';
import { DispatcherBlocks } from './adapters/out/dispatcher-blocks.js';
import { OperatorStore } from './adapters/out/operator.store.js';
import { ReadModelPublisher } from './adapters/out/read-model.publisher.js';
import { RegistryStore } from './adapters/out/registry.store.js';
import { ServerConnections } from './adapters/out/server-connections.js';
import { Blocks, LiveConnections } from './application/block.js';
import { RegistryPublication } from './application/publication.js';
import { Revocations } from './application/revocations.js';

/** The wiring of the registry: which adapter serves which port. */
@Module({
  controllers: [
    JudgeWhenTasksSubmitted,
    AnswerPeers,
    OrganizationCommands,
    AgentCommands,
    ConnectionCommands,
    OperatorCommands,
    ExplainRegistry,
  ],
  providers: [
    RegistryStore,
    ConnectionStore,
    OperatorStore,
    ReadModelView,
    Revocations,
    CalloutIssuer,
    AdmitAgents,
    AdmitPeople,
    AuthCalloutListener,
    ReadModelPublisher,
    DispatcherBlocks,
    ServerConnections,
    { provide: RegistryPublication, useExisting: ReadModelPublisher },
    { provide: Blocks, useExisting: DispatcherBlocks },
    { provide: LiveConnections, useExisting: ServerConnections },
  ],
})
export class RegistryModule {}
