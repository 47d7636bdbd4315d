import { Controller } from '@nestjs/common';
import { COMMANDS, type AgentRef, type AnswerOf, type ParsedRequestOf } from '@countersign/contracts';
import { OnCommand } from '@countersign/bus';
import { ReadModelView } from './registry-view.js';

const { registry } = COMMANDS;

/** Tells what the registry knows now of the agent that sent a task; its verdict at the time stands in the record. */
@Controller()
export class ExplainRegistry {
  constructor(private readonly view: ReadModelView) {}

  @OnCommand(registry.explain)
  async explain({ task }: ParsedRequestOf<typeof registry.explain>): Promise<AnswerOf<typeof registry.explain>> {
    const client: AgentRef = { org: task.org, agent: task.agent };
    const agent = this.view.agent(client);
    if (agent === undefined) return { found: false, part: {} };
    const org = this.view.org(task.org);
    return {
      found: true,
      part: {
        agent: agent.name,
        agentStatus: agent.status,
        agentEpoch: agent.epoch,
        organization: org?.name ?? null,
        organizationStatus: org?.status ?? null,
        killSwitch: org?.killSwitch ?? null,
      },
    };
  }
}
