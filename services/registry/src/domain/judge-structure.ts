import { parseInstant } from '@countersign/primitives';
import type { AgentRecord, AgentRef, CodeRef, ConnectionRecord, ReasonCode, VerdictItem } from '@countersign/contracts';
import type { RegistryView } from './registry-view.js';

/** What the structural clauses are asked about; `now` in ms by the database's clock. */
export interface StructureQuestion {
  readonly client: AgentRef;
  readonly target: string;
  readonly now: number;
}

/** The registry's judgement: one reason, or the connection with the epochs that it was judged by. */
export type StructureJudgement =
  | { readonly ok: false; readonly code: CodeRef }
  | {
      readonly ok: true;
      readonly connection: NonNullable<VerdictItem['connection']>;
      readonly epochs: NonNullable<VerdictItem['epochs']>;
      readonly versions: Readonly<Record<string, number>>;
      readonly details: { readonly sandbox: boolean };
    };

/**
 * Clauses 10 to 80: whether the caller is who it says and may talk to the target at all. They stop at the first denial, so that an outsider learns nothing;
 * 60 (is there a connection) runs before 50 (the target), so that targets that do not exist, belong to strangers or are not connected look the same.
 */
export function judgeStructure(view: RegistryView, question: StructureQuestion): StructureJudgement {
  const client = view.agent(question.client);
  const caller = judgeCaller(view, question, client);
  if (caller !== undefined || client === undefined)
    return deny(caller ?? reason(40, 'CLIENT_AGENT_NOT_ACTIVE', 'client'));
  const connection = view.connectionTo(question.client, question.target);
  if (connection === undefined) return deny(reason(60, 'CONNECTION_NOT_FOUND', 'client'));
  const target = view.agent(connection.target);
  const code = judgeTarget(view, connection, target) ?? judgeConnection(client, connection, question.now);
  if (code !== undefined || target === undefined)
    return deny(code ?? reason(50, 'TARGET_AGENT_NOT_REACHABLE', 'target'));
  return approve(client, target, connection);
}

function judgeCaller(
  view: RegistryView,
  { client: ref }: StructureQuestion,
  client: AgentRecord | undefined,
): CodeRef | undefined {
  const org = view.org(ref.org);
  if (view.installationStopped || org?.killSwitch === true) return reason(20, 'KILL_SWITCH_ACTIVE', 'client');
  if (org?.status !== 'ACTIVE') return reason(30, 'ORG_NOT_ACTIVE', 'client');
  return client?.status === 'ACTIVE' && client.communication
    ? undefined
    : reason(40, client?.status === 'REVOKED' ? 'AGENT_REVOKED' : 'CLIENT_AGENT_NOT_ACTIVE', 'client');
}

function judgeTarget(
  view: RegistryView,
  { target: ref }: ConnectionRecord,
  target: AgentRecord | undefined,
): CodeRef | undefined {
  const org = view.org(ref.org);
  if (org?.killSwitch === true) return reason(50, 'KILL_SWITCH_ACTIVE', 'target');
  return org?.status === 'ACTIVE' && target?.status === 'ACTIVE' && target.communication
    ? undefined
    : reason(50, 'TARGET_AGENT_NOT_REACHABLE', 'target');
}

function judgeConnection(client: AgentRecord, connection: ConnectionRecord, now: number): CodeRef | undefined {
  const { downstreamAgents } = client.surface;
  if (downstreamAgents !== null && !downstreamAgents.includes(connection.target.agent))
    return reason(65, 'DOWNSTREAM_NOT_ALLOWED', 'client');
  if (connection.status !== 'ACTIVE') return reason(70, `CONNECTION_${connection.status}`, 'client');
  if (connection.expiresAt !== undefined && now >= parseInstant(connection.expiresAt))
    return reason(70, 'CONNECTION_DISCONNECTED', 'client');
  return isShared(connection, now) ? undefined : reason(80, 'CROSS_ORG_NOT_SHARED', 'client');
}

function isShared({ client, target, share }: ConnectionRecord, now: number): boolean {
  if (client.org === target.org) return true;
  return share?.status === 'ACTIVE' && (share.expiresAt === undefined || now < parseInstant(share.expiresAt));
}

function approve(client: AgentRecord, target: AgentRecord, connection: ConnectionRecord): StructureJudgement {
  const { share } = connection;
  return {
    ok: true,
    connection: {
      id: connection.connection,
      org: connection.target.org,
      agent: connection.target.agent,
      ...(share === undefined ? {} : { share: share.id }),
    },
    epochs: {
      client: client.epoch,
      target: target.epoch,
      connection: connection.epoch,
      ...(share === undefined ? {} : { share: share.epoch }),
    },
    versions: { client: client.version, target: target.version, connection: connection.version },
    details: { sandbox: connection.sandbox },
  };
}

const deny = (code: CodeRef): StructureJudgement => ({ ok: false, code });
const reason = (clause: number, code: ReasonCode, side: 'client' | 'target'): CodeRef => ({ code, clause, side });
