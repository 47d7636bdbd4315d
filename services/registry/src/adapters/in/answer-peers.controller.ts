import { Controller } from '@nestjs/common';
import type { PeersReply } from '@countersign/contracts';
import { OnAgentRequest } from '@countersign/bus';
import { TrustBundle } from '@countersign/identity';
import { ReadModelView } from './registry-view.js';

/** Tells an agent its own connections and the newest trust bundle. */
@Controller()
export class AnswerPeers {
  constructor(
    private readonly view: ReadModelView,
    private readonly bundle: TrustBundle,
  ) {}

  @OnAgentRequest('peers')
  async peers({ org, agent }: { readonly org: string; readonly agent: string }): Promise<PeersReply> {
    const connections = [...this.view.connectionsOf({ org, agent })].flatMap((connection) => {
      const target = this.view.agent(connection.target);
      if (connection.status !== 'ACTIVE' || target === undefined) return [];
      return [
        {
          connection: connection.connection,
          target: target.agent,
          targetOrg: target.org,
          name: target.name,
          taskTypes: target.surface.taskTypes === null ? null : [...target.surface.taskTypes],
        },
      ];
    });
    return { connections, trustBundle: this.bundle.file };
  }
}
